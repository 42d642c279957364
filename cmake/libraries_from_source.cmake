# The libraries of the lowest layers and their tests, made from headers and sources that lie on the building machine: a
# cross build needs no package of the other machine then. Included for RIPOSTE_KERNELS_ONLY.

# Behind all other folders, so that the C library's headers remain those of the cross compiler.
add_compile_options("SHELL:-idirafter /usr/include")

add_library(fmt::fmt INTERFACE IMPORTED)
target_compile_definitions(fmt::fmt INTERFACE FMT_HEADER_ONLY)
add_library(spdlog::spdlog INTERFACE IMPORTED)
target_compile_definitions(spdlog::spdlog INTERFACE SPDLOG_FMT_EXTERNAL)

file(WRITE ${CMAKE_BINARY_DIR}/boost_json.cpp "#include <boost/json/src.hpp>\n")
add_library(boost_json STATIC EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/boost_json.cpp)
target_compile_definitions(boost_json PUBLIC BOOST_JSON_NO_LIB BOOST_CONTAINER_NO_LIB)
target_compile_options(boost_json PRIVATE -w)

if(RIPOSTE_TESTS)
  add_subdirectory(/usr/src/googletest ${CMAKE_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
  target_compile_options(gtest PRIVATE -w)
endif()
