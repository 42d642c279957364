// Calls of tools inside an answer, in the forms that models write.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace riposte::api {

enum class ToolFormat {
  // Qwen, Hermes and others, anywhere in a text:
  //   <tool_call>
  //   {"name": "weather", "arguments": {"city": "Kiel"}}
  //   </tool_call>
  kTagged,
  // Llama 3, as the whole answer:
  //   {"name": "weather", "parameters": {"city": "Kiel"}}
  kBare,
};

// The form that a chat template asks for; kTagged where it asks for none that is known.
ToolFormat tool_format(std::string_view template_source);

// The one text of a call around its arguments: "{"name": "weather", "arguments": " and "}", with tags where
// they belong.
struct CallFrame {
  std::string before, behind;
};
CallFrame call_frame(ToolFormat format, std::string_view name);

struct ToolCall {
  std::string name;
  boost::json::object arguments;
};

// Takes an answer piece by piece and tells text and calls apart. What may become a call is held back; what
// looks like one but is none (no JSON, no name, no end) is text after all.
class ToolCallReader {
 public:
  using Piece = std::variant<std::string, ToolCall>;

  explicit ToolCallReader(ToolFormat format = ToolFormat::kTagged) : format_(format) {}

  // What is certain by now. Texts are not empty.
  std::vector<Piece> push(std::string_view text);
  // The end of the answer.
  std::vector<Piece> finish();

 private:
  std::vector<Piece> push_bare(std::string_view text);
  std::vector<Piece> finish_bare();

  ToolFormat format_;
  bool is_text_ = false;  // kBare: what has come cannot be a call any more
  std::string held_;
  bool after_call_ = false;  // white space between calls and around them says nothing
};

}  // namespace riposte::api
