#include "api/completion_writer.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "api/json.h"
#include "api/logprobs.h"

namespace riposte::api {

CompletionWriter::CompletionWriter(const AnswerHead& head, const tokenizer::Tokenizer& tokenizer,
                                   CompletionWriterOptions options)
    : head_(open_object(head, "text_completion")),
      tokenizer_(tokenizer),
      options_(std::move(options)),
      usage_(options_.choices_per_prompt) {}

std::string_view CompletionWriter::take_echo(int32_t choice) {
  const auto index = static_cast<size_t>(choice);
  if (options_.echo.empty()) return {};
  if (index >= echoed_.size()) echoed_.resize(index + 1);
  if (echoed_[index]) return {};
  echoed_[index] = true;
  return options_.echo[index / static_cast<size_t>(options_.choices_per_prompt)];
}

std::string CompletionWriter::choice_json(int32_t choice, std::string_view text, const AnswerPart& part,
                                          std::string_view reason) {
  std::string logprobs = "null";
  if (options_.logprobs) {
    const auto index = static_cast<size_t>(choice);
    if (index >= offsets_.size()) offsets_.resize(index + 1);
    logprobs = boost::json::serialize(logprobs_columns(part.logprobs, tokenizer_, offsets_[index]));
  }
  return fmt::format(R"({{"index":{},"text":{},"logprobs":{},"finish_reason":{}}})", choice,
                     json_string(text), logprobs, reason);
}

std::string CompletionWriter::whole(std::span<const ChoiceAnswer> choices) {
  std::string out = head_ + "\"choices\":[";
  for (size_t i = 0; i < choices.size(); ++i) {
    const auto choice = static_cast<int32_t>(i);
    if (i > 0) out += ',';
    out += choice_json(choice, std::string(take_echo(choice)) + choices[i].text, choices[i],
                       fmt::format("\"{}\"", finish_reason(choices[i].finish.reason)));
  }
  usage_.add(choices);
  out += "],\"usage\":" + boost::json::serialize(usage_object(usage_.total())) + "}";
  return out;
}

void CompletionWriter::event(std::string_view choices, std::string& out) const {
  append_event("", fmt::format("{}\"choices\":[{}]}}", head_, choices), out);
}

void CompletionWriter::begin(std::string&) {}

void CompletionWriter::part(int32_t choice, const AnswerPart& part, std::string& out) {
  event(choice_json(choice, std::string(take_echo(choice)) + part.text, part, "null"), out);
}

void CompletionWriter::end(int32_t choice, const engine::Finish& finish, std::string& out) {
  usage_.add(choice, finish.usage);
  event(choice_json(choice, take_echo(choice), {}, fmt::format("\"{}\"", finish_reason(finish.reason))), out);
}

void CompletionWriter::done(std::string& out) {
  if (options_.include_usage) {
    const std::string usage = boost::json::serialize(usage_object(usage_.total()));
    append_event("", fmt::format("{}\"choices\":[],\"usage\":{}}}", head_, usage), out);
  }
  append_event("", "[DONE]", out);
}

void CompletionWriter::error(const ApiError& error, std::string& out) {
  append_event("", to_json(error), out);
}

}  // namespace riposte::api
