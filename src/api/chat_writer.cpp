#include "api/chat_writer.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/json.h"
#include "api/logprobs.h"

namespace riposte::api {
namespace {

constexpr std::string_view kRole = R"({"role":"assistant","content":""})";

}  // namespace

ChatWriter::ChatWriter(const AnswerHead& head, const tokenizer::Tokenizer& tokenizer,
                       const ChatWriterOptions& options)
    : whole_head_(open_object(head, "chat.completion")),
      chunk_head_(open_object(head, "chat.completion.chunk")),
      tokenizer_(tokenizer),
      options_(options),
      usage_(options.choices) {}

std::string ChatWriter::logprobs_json(const AnswerPart& part) const {
  if (!options_.logprobs) return "null";
  return boost::json::serialize(boost::json::object{{"content", logprobs_array(part.logprobs, tokenizer_)},
                                                    {"refusal", nullptr}});
}

std::string ChatWriter::whole(std::span<const ChoiceAnswer> choices) {
  std::string out = whole_head_ + "\"choices\":[";
  for (size_t i = 0; i < choices.size(); ++i) {
    out += fmt::format(R"({}{{"index":{},"message":{{"role":"assistant","content":{},"refusal":null}},)",
                       i == 0 ? "" : ",", i, json_string(choices[i].text));
    out += fmt::format(R"("logprobs":{},"finish_reason":"{}"}})", logprobs_json(choices[i]),
                       finish_reason(choices[i].finish.reason));
  }
  usage_.add(choices);
  out += "],\"usage\":" + boost::json::serialize(usage_object(usage_.total())) + "}";
  return out;
}

void ChatWriter::chunk(int32_t choice, std::string_view delta, std::string_view logprobs,
                       std::string_view reason, std::string& out) const {
  append_event("",
               fmt::format(R"({}"choices":[{{"index":{},"delta":{},"logprobs":{},"finish_reason":{}}}]}})",
                           chunk_head_, choice, delta, logprobs, reason),
               out);
}

void ChatWriter::begin(std::string& out) {
  // The roles of further choices come with their first words.
  begun_ = {true};
  chunk(0, kRole, "null", "null", out);
}

void ChatWriter::part(int32_t choice, const AnswerPart& part, std::string& out) {
  const auto index = static_cast<size_t>(choice);
  if (index >= begun_.size()) begun_.resize(index + 1);
  if (!begun_[index]) chunk(choice, kRole, "null", "null", out);
  begun_[index] = true;
  chunk(choice, "{\"content\":" + json_string(part.text) + "}", logprobs_json(part), "null", out);
}

void ChatWriter::end(int32_t choice, const engine::Finish& finish, std::string& out) {
  usage_.add(choice, finish.usage);
  chunk(choice, "{}", "null", fmt::format("\"{}\"", finish_reason(finish.reason)), out);
}

void ChatWriter::done(std::string& out) {
  if (options_.include_usage) {
    const std::string usage = boost::json::serialize(usage_object(usage_.total()));
    append_event("", fmt::format("{}\"choices\":[],\"usage\":{}}}", chunk_head_, usage), out);
  }
  append_event("", "[DONE]", out);
}

void ChatWriter::error(const ApiError& error, std::string& out) {
  append_event("", to_json(error), out);
}

}  // namespace riposte::api
