// JSON from a stranger: strictly RFC 8259, and nothing that two readers could understand differently.
#pragma once

#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace riposte::api {

inline constexpr int kMaxJsonDepth = 64;  // objects and arrays inside each other

// One whole document. Errors (kInvalidArgument, with the byte): anything that is not JSON, invalid UTF-8,
// lone surrogates, a key that an object has twice, a number beyond the range of a double, deeper nesting than
// kMaxJsonDepth.
Result<boost::json::value> parse_json(std::string_view text);

// Appends UTF-8 text as a JSON string, quotes included. For streams, which write one small object after
// another and would otherwise build a tree for each.
void append_quoted(std::string_view text, std::string& out);
std::string json_string(std::string_view text);
// A value of a tree: Boost 1.81 takes no std::string_view for one.
boost::json::string text_of(std::string_view text);

}  // namespace riposte::api
