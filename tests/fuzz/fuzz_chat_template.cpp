// The first byte picks the mode: the rest is a template rendered on fixed messages, or JSON that fixed
// templates render. What is checked beyond the sanitizers: marks in order, and no error that Riposte would
// have to blame on itself.
#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "chat/template.h"

namespace {

using riposte::ErrorCode;
using riposte::chat::RenderLimits;
using riposte::chat::Template;
using riposte::chat::TemplateInput;

constexpr std::string_view kMessages =
    R"([{"role": "system", "content": " Größe <|x|> "}, {"role": "user", "content": [{"type": "text", "text": "a"}]},
        {"role": "assistant", "content": null, "tool_calls": [{"id": "1", "function": {"name": "f", "arguments":
        {"n": 1.5, "big": 18446744073709551615, "l": [true, -3, {}]}}}]}])";

constexpr std::string_view kTemplates[] = {
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content | trim }}{{ m | tojson(indent=2) }}{{ m }}{% endfor "
    "%}",
    "{% for m in messages[::-1] %}{{ m.content.split('<')[-1].lstrip('\\n') }}{{ m['content'][1:-1] | upper "
    "}}{% endfor %}",
    "{% macro w(v) %}{% if v is mapping %}{% for k, x in v | dictsort %}{{ k }}{{ w(x) }}{% endfor %}{% elif "
    "v is string %}"
    "{{ v.title() | indent }}{% elif v is iterable %}{% for x in v %}{{ w(x) }}{% endfor %}{% else %}{{ v "
    "}}{% endif %}"
    "{% endmacro %}{{ w(messages) }}{{ messages | map(attribute='content') | unique | sort | list }}",
};

RenderLimits small_limits() {
  RenderLimits limits;
  limits.max_output_bytes = size_t{1} << 16;
  limits.max_memory_bytes = size_t{1} << 22;
  limits.max_steps = 20'000;
  limits.max_depth = 200;
  return limits;
}

void check(bool holds) {
  if (!holds) std::abort();
}

void render(const Template& parsed, const boost::json::array& messages) {
  TemplateInput input{messages};
  input.tools = &messages;
  input.bos_token = "<s>";
  const auto rendered = parsed.render(input, small_limits());
  if (!rendered) {
    check(rendered.error().code != ErrorCode::kInternal && !rendered.error().message.empty());
    return;
  }
  check(rendered->text.size() <= small_limits().max_output_bytes);
  size_t end = 0;
  for (const auto& range : rendered->trusted) {
    check(range.begin < range.end && range.end <= rendered->text.size() && (end == 0 || range.begin > end));
    end = range.end;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  boost::json::error_code error;
  if (data[0] % 4 != 0) {  // ' ' (32) in the corpus: a template; '!', '"', '#': messages
    const boost::json::value messages = boost::json::parse(rest, error);
    if (error || !messages.is_array()) return 0;
    const auto parsed = Template::parse(kTemplates[data[0] % 4 - 1]);
    check(parsed.has_value());
    render(*parsed, messages.get_array());
    return 0;
  }
  const auto parsed = Template::parse(rest);
  if (!parsed) {
    check(parsed.error().code != ErrorCode::kInternal && !parsed.error().message.empty());
    return 0;
  }
  render(*parsed, boost::json::parse(kMessages).as_array());
  return 0;
}
