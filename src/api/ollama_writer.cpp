#include "api/ollama_writer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "api/json.h"
#include "api/usage.h"

namespace riposte::api {

std::string rfc3339(int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  if (!gmtime_r(&time, &parts)) return "1970-01-01T00:00:00Z";
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", parts);
}

OllamaWriter::OllamaWriter(std::string_view model, int64_t created, OllamaAnswer kind)
    : head_(fmt::format(R"({{"model":{},"created_at":"{}",)", json_string(model), rfc3339(created))),
      kind_(kind) {}

std::string OllamaWriter::content(std::string_view text) const {
  if (kind_ == OllamaAnswer::kText) return fmt::format(R"("response":{})", json_string(text));
  return fmt::format(R"("message":{{"role":"assistant","content":{}}})", json_string(text));
}

// Durations are in nanoseconds.
std::string OllamaWriter::last(std::string_view text, const engine::Finish& finish) const {
  const engine::Timings& times = finish.timings;
  return fmt::format(
      R"({}{},"done":true,"done_reason":"{}","total_duration":{},"load_duration":0,"prompt_eval_count":{},)"
      R"("prompt_eval_duration":{},"eval_count":{},"eval_duration":{}}})",
      head_, content(text), finish_reason(finish.reason),
      (times.queue + times.prefill + times.decode).count(), finish.usage.prompt_tokens, times.prefill.count(),
      finish.usage.output_tokens, times.decode.count());
}

std::string OllamaWriter::whole(std::span<const ChoiceAnswer> choices) {
  // Nothing was asked: the model is there.
  if (choices.empty()) return head_ + content("") + R"(,"done":true,"done_reason":"load"})";
  return last(choices[0].text, choices[0].finish);
}

void OllamaWriter::begin(std::string&) {}

void OllamaWriter::part(int32_t, const AnswerPart& part, std::string& out) {
  if (!part.text.empty()) out += head_ + content(part.text) + ",\"done\":false}\n";
}

void OllamaWriter::end(int32_t, const engine::Finish& finish, std::string& out) {
  out += last("", finish) + "\n";
  ended_ = true;
}

void OllamaWriter::done(std::string& out) {
  if (!ended_) out += whole({}) + "\n";
}

void OllamaWriter::error(const ApiError& error, std::string& out) {
  out += to_json(error, Dialect::kOllama) + "\n";
}

}  // namespace riposte::api
