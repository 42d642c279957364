// Rendering the prompt of one short request: a system message and a sentence.
#include <benchmark/benchmark.h>

#include <boost/json.hpp>
#include <string>

#include "chat/template.h"

namespace riposte::chat {
namespace {

constexpr const char* kChat =
    "{%- if messages[0].role == 'system' %}{{- '<|im_start|>system\\n' + messages[0].content + "
    "'<|im_end|>\\n' }}"
    "{%- else %}{{- '<|im_start|>system\\nYou are helpful.<|im_end|>\\n' }}{%- endif %}"
    "{%- for message in messages %}"
    "{%- if (message.role == 'user') or (message.role == 'system' and not loop.first) or "
    "(message.role == 'assistant' and not message.tool_calls) %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{%- endif %}{%- "
    "endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}";

void render_two_messages(benchmark::State& state) {
  const auto parsed = Template::parse(kChat);
  const boost::json::value messages = boost::json::parse(
      R"([{"role": "system", "content": "You correct grammar and spelling. Reply with the corrected sentence only."},
          {"role": "user", "content": "She go to school every day and he have went there too ."}])");
  for (auto _ : state) {
    auto rendered = parsed->render({messages.as_array()});
    if (!rendered) state.SkipWithError(rendered.error().message.c_str());
    benchmark::DoNotOptimize(rendered);
  }
}
BENCHMARK(render_two_messages)->Unit(benchmark::kMicrosecond);

void parse_template(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(Template::parse(kChat));
}
BENCHMARK(parse_template)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace riposte::chat

BENCHMARK_MAIN();
