// The tests of Jinja, `value is name(arguments)`, by name.
#pragma once

#include <string_view>

#include "chat/value.h"

namespace riposte::chat {

struct Test {
  std::string_view name;
  bool (*apply)(Context&, const Value&, const Arguments&);
};

const Test* find_test(std::string_view name);  // null if there is no such test

}  // namespace riposte::chat
