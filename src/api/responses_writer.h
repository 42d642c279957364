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
  boost::json::object metadata;
};

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
  // The object "response"; `finish` null while it is in progress.
  boost::json::object response(const engine::Finish* finish) const;
  // An event of this type with these fields and its number.
  void event(std::string_view type, boost::json::object fields, std::string& out);

  const std::string id_;
  const std::string message_id_;
  const int64_t created_;
  const std::string model_;
  const tokenizer::Tokenizer& tokenizer_;
  const ResponsesSettings settings_;
  std::string text_;  // so far
  std::vector<sampling::Logprobs> logprobs_;
  int64_t events_ = 0;
};

}  // namespace riposte::api
