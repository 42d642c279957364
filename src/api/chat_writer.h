// Answers to POST /v1/chat/completions: the whole object, or the chunks of a stream.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer.h"
#include "api/answer_head.h"
#include "api/tool_calls.h"
#include "api/usage.h"
#include "tokenizer/tokenizer.h"

namespace riposte::api {

struct ChatWriterOptions {
  int32_t choices = 1;
  bool logprobs = false;
  bool tools = false;  // the answer may hold calls of tools
  ToolFormat tool_format = ToolFormat::kTagged;
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
  // {"id", "type", "function"}, the arguments as a string of JSON. `index` counts the calls of a choice.
  std::string call_json(int32_t choice, size_t index, const ToolCall& call, bool with_index) const;
  void pieces(int32_t choice, const std::vector<ToolCallReader::Piece>& pieces, std::string& out);
  std::string message_json(int32_t choice, std::string_view text, bool& has_calls) const;

  const std::string whole_head_;  // open_object() of the whole answer, and of a chunk
  const std::string chunk_head_;
  const tokenizer::Tokenizer& tokenizer_;
  const ChatWriterOptions options_;
  // One choice of a stream.
  struct Progress {
    explicit Progress(ToolFormat format) : reader(format) {}
    bool begun = false;  // the role was told
    ToolCallReader reader;
    size_t calls = 0;
  };
  Progress& progress(int32_t choice);

  const std::string id_;
  std::vector<Progress> progress_;
  UsageSum usage_;  // of the choices that have ended
};

}  // namespace riposte::api
