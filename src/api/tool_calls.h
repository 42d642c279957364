// Calls of tools inside an answer, in the form that Qwen and Hermes models write and their templates ask for:
//   <tool_call>
//   {"name": "weather", "arguments": {"city": "Kiel"}}
//   </tool_call>
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace riposte::api {

struct ToolCall {
  std::string name;
  boost::json::object arguments;
};

// Takes an answer piece by piece and tells text and calls apart. What may become a call is held back; what
// looks like one but is none (no JSON, no name, no end) is text after all.
class ToolCallReader {
 public:
  using Piece = std::variant<std::string, ToolCall>;

  // What is certain by now. Texts are not empty.
  std::vector<Piece> push(std::string_view text);
  // The end of the answer.
  std::vector<Piece> finish();

 private:
  std::string held_;
  bool after_call_ = false;  // white space between calls and around them says nothing
};

}  // namespace riposte::api
