// Chat templates: the subset of Jinja that published models use, rendered with bounded work.
#pragma once

#include <boost/json/fwd.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tokenizer/marked_text.h"

namespace riposte::chat {

// What a template sees. Strings of `messages`, `tools` and `extra` are a user's and stay untrusted wherever
// the template puts them; literals of the template and the two token strings are trusted.
struct TemplateInput {
  const boost::json::array& messages;
  const boost::json::array* tools = nullptr;  // undefined in the template if null
  bool add_generation_prompt = true;
  std::string bos_token = {};
  std::string eos_token = {};
  const boost::json::object* extra = nullptr;  // further variables (chat_template_kwargs), may be null
  std::optional<std::chrono::system_clock::time_point> now =
      {};  // what strftime_now sees; the system's clock if not given
};

struct RenderLimits {
  size_t max_output_bytes = size_t{16} << 20;
  size_t max_memory_bytes = size_t{256} << 20;  // all strings and lists made on the way, freed at the end
  size_t max_steps = 5'000'000;  // evaluated nodes and bytes handled, so that no template loops for ever
  int max_depth = 1000;  // nested expressions, blocks, macro calls and values, at most 1 KiB of stack each
};

// Immutable once parsed; rendering is thread-safe.
class Template {
 public:
  // Errors: kCorrupt or kUnsupported with "line L, column C" of the source.
  static Result<Template> parse(std::string_view source);

  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  // Errors: kInvalidArgument (the template's own raise_exception), kTooLarge (a limit), kUnsupported, with
  // the place.
  Result<tokenizer::MarkedText> render(const TemplateInput& input, const RenderLimits& limits = {}) const;

  struct Program;  // ast.h

 private:
  explicit Template(std::unique_ptr<const Program> program);
  std::unique_ptr<const Program> program_;
};

}  // namespace riposte::chat
