// Answers to POST /v1/responses: the object "response", or the events in which it grows.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer.h"
#include "api/tool_calls.h"

namespace riposte::api {

// What the answer repeats of the request.
struct ResponsesSettings {
  std::string instructions;
  std::optional<int32_t> max_output_tokens;
  float temperature = 0.0f;
  float top_p = 1.0f;
  int32_t top_logprobs = 0;
  bool logprobs = false;
  boost::json::object format = {{"type", "text"}};
  boost::json::array tools;
  boost::json::value tool_choice = "auto";
  std::optional<ToolFormat> call_format;  // how calls of tools are written, if the answer may hold any
  boost::json::object metadata;
};

// The answer is a row of items: messages, and calls of functions. Where there can be calls, a message begins
// with its first text.
class ResponsesWriter final : public AnswerWriter {
 public:
  // The model's tokenizer must outlive the writer.
  ResponsesWriter(const RequestContext& context, const ServedModel& model, ResponsesSettings settings);

  std::string whole(std::span<const ChoiceAnswer> choices) override;
  void begin(std::string& out) override;
  void part(int32_t choice, const AnswerPart& part, std::string& out) override;
  void end(int32_t choice, const engine::Finish& finish, std::string& out) override;
  void done(std::string& out) override;
  void error(const ApiError& error, std::string& out) override;

 private:
  boost::json::object text_part(std::string_view text) const;  // of a message's content
  boost::json::object message(std::string_view status, std::string_view text) const;
  boost::json::object call_item(std::string_view status, const ToolCall& call,
                                std::string_view arguments) const;
  std::string item_id(std::string_view prefix) const;  // of the item that comes next
  // The object "response"; `finish` null while it is in progress.
  boost::json::object response(const engine::Finish* finish) const;
  // An event of this type with these fields and its number.
  void event(std::string_view type, boost::json::object fields, std::string& out);
  // The events of a part of a message, with where it is.
  void part_event(std::string_view type, boost::json::object fields, std::string& out);
  // Each appends its events.
  void open_message(std::string& out);
  void close_message(std::string_view status, std::string& out);
  void add_text(const AnswerPart& part, std::string& out);
  void add_call(const ToolCall& call, std::string& out);
  void add_pieces(const std::vector<ToolCallReader::Piece>& pieces, std::string& out);

  const std::string id_;
  const std::string item_suffix_;
  const int64_t created_;
  const std::string model_;
  const tokenizer::Tokenizer& tokenizer_;
  const ResponsesSettings settings_;
  std::optional<ToolCallReader> reader_;
  boost::json::array items_;  // that are whole
  bool message_is_open_ = false;
  std::string text_;  // of the open message
  std::vector<sampling::Logprobs> logprobs_;
  int64_t events_ = 0;
};

}  // namespace riposte::api
