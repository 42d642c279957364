// Boost.JSON, compiled into the test program: the layer under test does not link it.
#include <boost/json/src.hpp>
