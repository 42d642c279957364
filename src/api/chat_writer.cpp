#include "api/chat_writer.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

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
      id_(head.id),
      usage_(options.choices) {}

std::string ChatWriter::logprobs_json(const AnswerPart& part) const {
  if (!options_.logprobs) return "null";
  return boost::json::serialize(
      boost::json::object{{"content", logprobs_array(part.logprobs, tokenizer_)}, {"refusal", nullptr}});
}

std::string ChatWriter::call_json(int32_t choice, size_t index, const ToolCall& call, bool with_index) const {
  return fmt::format(R"({{{}"id":{},"type":"function","function":{{"name":{},"arguments":{}}}}})",
                     with_index ? fmt::format("\"index\":{},", index) : "",
                     json_string(fmt::format("call_{}_{}_{}", id_, choice, index)), json_string(call.name),
                     json_string(boost::json::serialize(call.arguments)));
}

std::string ChatWriter::message_json(int32_t choice, std::string_view text, bool& has_calls) const {
  std::string content, calls;
  size_t count = 0;
  ToolCallReader reader(options_.tool_format);
  auto pieces = options_.tools ? reader.push(text) : std::vector<ToolCallReader::Piece>{std::string(text)};
  for (auto& rest : reader.finish()) pieces.push_back(std::move(rest));
  for (const ToolCallReader::Piece& piece : pieces) {
    if (const auto* call = std::get_if<ToolCall>(&piece)) {
      if (count > 0) calls += ',';
      calls += call_json(choice, count, *call, /*with_index=*/false);
      ++count;
    } else {
      content += std::get<std::string>(piece);
    }
  }
  has_calls = count > 0;
  std::string message = fmt::format(R"({{"role":"assistant","content":{},"refusal":null)",
                                    has_calls && content.empty() ? "null" : json_string(content));
  if (has_calls) message += ",\"tool_calls\":[" + calls + "]";
  return message + "}";
}

std::string ChatWriter::whole(std::span<const ChoiceAnswer> choices) {
  std::string out = whole_head_ + "\"choices\":[";
  for (size_t i = 0; i < choices.size(); ++i) {
    bool has_calls = false;
    const std::string message = message_json(static_cast<int32_t>(i), choices[i].text, has_calls);
    out += fmt::format(R"({}{{"index":{},"message":{},"logprobs":{},"finish_reason":"{}"}})",
                       i == 0 ? "" : ",", i, message, logprobs_json(choices[i]),
                       has_calls ? "tool_calls" : finish_reason(choices[i].finish.reason));
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

ChatWriter::Progress& ChatWriter::progress(int32_t choice) {
  const auto index = static_cast<size_t>(choice);
  while (index >= progress_.size()) progress_.emplace_back(options_.tool_format);
  return progress_[index];
}

void ChatWriter::begin(std::string& out) {
  // The roles of further choices come with their first words.
  progress(0).begun = true;
  chunk(0, kRole, "null", "null", out);
}

void ChatWriter::part(int32_t choice, const AnswerPart& part, std::string& out) {
  if (!std::exchange(progress(choice).begun, true)) chunk(choice, kRole, "null", "null", out);
  if (!options_.tools) {
    chunk(choice, "{\"content\":" + json_string(part.text) + "}", logprobs_json(part), "null", out);
  } else {
    pieces(choice, progress(choice).reader.push(part.text), out);
  }
}

void ChatWriter::pieces(int32_t choice, const std::vector<ToolCallReader::Piece>& pieces, std::string& out) {
  for (const ToolCallReader::Piece& piece : pieces) {
    if (const auto* call = std::get_if<ToolCall>(&piece)) {
      const std::string json = call_json(choice, progress(choice).calls++, *call, /*with_index=*/true);
      chunk(choice, "{\"tool_calls\":[" + json + "]}", "null", "null", out);
    } else {
      chunk(choice, "{\"content\":" + json_string(std::get<std::string>(piece)) + "}", "null", "null", out);
    }
  }
}

void ChatWriter::end(int32_t choice, const engine::Finish& finish, std::string& out) {
  usage_.add(choice, finish.usage);
  if (options_.tools) pieces(choice, progress(choice).reader.finish(), out);
  const bool has_calls = progress(choice).calls > 0;
  chunk(choice, "{}", "null", fmt::format("\"{}\"", has_calls ? "tool_calls" : finish_reason(finish.reason)),
        out);
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
