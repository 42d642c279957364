// Answers to POST /v1/chat/completions: the whole object, or the chunks of a stream.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer.h"
#include "api/answer_head.h"
#include "api/usage.h"
#include "tokenizer/tokenizer.h"

namespace riposte::api {

struct ChatWriterOptions {
  int32_t choices = 1;
  bool logprobs = false;
  bool include_usage = false;  // a last chunk with the token counts of all choices
};

class ChatWriter final : public AnswerWriter {
 public:
  // `tokenizer` must outlive the writer.
  ChatWriter(const AnswerHead& head, const tokenizer::Tokenizer& tokenizer, const ChatWriterOptions& options);

  std::string whole(std::span<const ChoiceAnswer> choices) override;
  void begin(std::string& out) override;
  void part(int32_t choice, const AnswerPart& part, std::string& out) override;
  void end(int32_t choice, const engine::Finish& finish, std::string& out) override;
  void done(std::string& out) override;
  void error(const ApiError& error, std::string& out) override;

 private:
  void chunk(int32_t choice, std::string_view delta, std::string_view logprobs, std::string_view reason,
             std::string& out) const;
  std::string logprobs_json(const AnswerPart& part) const;

  const std::string whole_head_;  // open_object() of the whole answer, and of a chunk
  const std::string chunk_head_;
  const tokenizer::Tokenizer& tokenizer_;
  const ChatWriterOptions options_;
  std::vector<bool> begun_;  // by choice: the role was told
  UsageSum usage_;           // of the choices that have ended
};

}  // namespace riposte::api
