#include "api/ollama_writer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <boost/json.hpp>
#include <ctime>
#include <utility>

#include "api/json.h"
#include "api/usage.h"

namespace riposte::api {

std::string rfc3339(int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm parts{};
  if (!gmtime_r(&time, &parts)) return "1970-01-01T00:00:00Z";
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", parts);
}

namespace {

// Arguments are an object here, not text.
std::string call_json(const ToolCall& call) {
  return fmt::format(R"({{"function":{{"name":{},"arguments":{}}}}})", json_string(call.name),
                     boost::json::serialize(call.arguments));
}

}  // namespace

OllamaWriter::OllamaWriter(std::string_view model, int64_t created, OllamaAnswer kind,
                           std::optional<ToolFormat> tools)
    : head_(fmt::format(R"({{"model":{},"created_at":"{}",)", json_string(model), rfc3339(created))),
      kind_(kind) {
  if (tools) reader_.emplace(*tools);
}

std::string OllamaWriter::content(std::string_view text, std::string_view calls) const {
  if (kind_ == OllamaAnswer::kText) return fmt::format(R"("response":{})", json_string(text));
  return fmt::format(R"("message":{{"role":"assistant","content":{}{}}})", json_string(text),
                     calls.empty() ? "" : fmt::format(",\"tool_calls\":[{}]", calls));
}

// Durations are in nanoseconds.
std::string OllamaWriter::last(std::string_view content, const engine::Finish& finish) const {
  const engine::Timings& times = finish.timings;
  return fmt::format(
      R"({}{},"done":true,"done_reason":"{}","total_duration":{},"load_duration":0,"prompt_eval_count":{},)"
      R"("prompt_eval_duration":{},"eval_count":{},"eval_duration":{}}})",
      head_, content, finish_reason(finish.reason), (times.queue + times.prefill + times.decode).count(),
      finish.usage.prompt_tokens, times.prefill.count(), finish.usage.output_tokens, times.decode.count());
}

std::string OllamaWriter::whole(std::span<const ChoiceAnswer> choices) {
  // Nothing was asked: the model is there.
  if (choices.empty()) return head_ + content("") + R"(,"done":true,"done_reason":"load"})";
  if (!reader_) return last(content(choices[0].text), choices[0].finish);
  std::string text, calls;
  auto pieces = reader_->push(choices[0].text);
  for (auto& rest : reader_->finish()) pieces.push_back(std::move(rest));
  for (const ToolCallReader::Piece& piece : pieces) {
    if (const auto* call = std::get_if<ToolCall>(&piece)) {
      if (!calls.empty()) calls += ',';
      calls += call_json(*call);
    } else {
      text += std::get<std::string>(piece);
    }
  }
  return last(content(text, calls), choices[0].finish);
}

void OllamaWriter::begin(std::string&) {}

void OllamaWriter::pieces(const std::vector<ToolCallReader::Piece>& pieces, std::string& out) const {
  for (const ToolCallReader::Piece& piece : pieces) {
    const auto* call = std::get_if<ToolCall>(&piece);
    out += head_ + (call ? content("", call_json(*call)) : content(std::get<std::string>(piece))) +
           ",\"done\":false}\n";
  }
}

void OllamaWriter::part(int32_t, const AnswerPart& part, std::string& out) {
  if (reader_) return pieces(reader_->push(part.text), out);
  if (!part.text.empty()) out += head_ + content(part.text) + ",\"done\":false}\n";
}

void OllamaWriter::end(int32_t, const engine::Finish& finish, std::string& out) {
  if (reader_) pieces(reader_->finish(), out);
  out += last(content(""), finish) + "\n";
  ended_ = true;
}

void OllamaWriter::done(std::string& out) {
  if (!ended_) out += whole({}) + "\n";
}

void OllamaWriter::error(const ApiError& error, std::string& out) {
  out += to_json(error, Dialect::kOllama) + "\n";
}

}  // namespace riposte::api
