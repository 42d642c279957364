// Answers to POST /v1/completions. Whole and streamed objects have the same shape.
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

struct CompletionWriterOptions {
  int32_t choices_per_prompt = 1;
  bool logprobs = false;
  bool include_usage = false;
  std::vector<std::string> echo;  // the prompts' texts, to be put before their answers; empty: none
};

class CompletionWriter final : public AnswerWriter {
 public:
  // `tokenizer` must outlive the writer.
  CompletionWriter(const AnswerHead& head, const tokenizer::Tokenizer& tokenizer,
                   CompletionWriterOptions options);

  std::string whole(std::span<const ChoiceAnswer> choices) override;
  void begin(std::string& out) override;
  void part(int32_t choice, const AnswerPart& part, std::string& out) override;
  void end(int32_t choice, const engine::Finish& finish, std::string& out) override;
  void done(std::string& out) override;
  void error(const ApiError& error, std::string& out) override;

 private:
  // The first time for each choice: what is to be echoed before it.
  std::string_view take_echo(int32_t choice);
  // {"index":...,"text":...,"logprobs":...,"finish_reason":REASON}
  std::string choice_json(int32_t choice, std::string_view text, const AnswerPart& part,
                          std::string_view reason);
  void event(std::string_view choices, std::string& out) const;

  const std::string head_;
  const tokenizer::Tokenizer& tokenizer_;
  const CompletionWriterOptions options_;
  std::vector<bool> echoed_;      // by choice
  std::vector<int64_t> offsets_;  // by choice: characters told, for log-probabilities
  UsageSum usage_;
};

}  // namespace riposte::api
