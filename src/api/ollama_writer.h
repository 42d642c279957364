// Answers to POST /api/generate and /api/chat: one object, or a line for each piece and one with the
// durations.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer.h"
#include "api/tool_calls.h"

namespace riposte::api {

enum class OllamaAnswer { kText, kMessage };  // of /api/generate, of /api/chat

class OllamaWriter final : public AnswerWriter {
 public:
  // `model`: the name that the client used. `created`: seconds since 1970. `tools`: how calls of tools are
  // written in the answer, if it may hold any.
  OllamaWriter(std::string_view model, int64_t created, OllamaAnswer kind,
               std::optional<ToolFormat> tools = std::nullopt);

  std::string whole(std::span<const ChoiceAnswer> choices) override;
  void begin(std::string& out) override;
  void part(int32_t choice, const AnswerPart& part, std::string& out) override;
  void end(int32_t choice, const engine::Finish& finish, std::string& out) override;
  void done(std::string& out) override;
  void error(const ApiError& error, std::string& out) override;
  StreamKind stream_kind() const override { return StreamKind::kLines; }

 private:
  // "response":... or "message":{...}; `calls`: objects, joined by commas.
  std::string content(std::string_view text, std::string_view calls = {}) const;
  std::string last(std::string_view content, const engine::Finish& finish) const;
  void pieces(const std::vector<ToolCallReader::Piece>& pieces, std::string& out) const;

  const std::string head_;  // {"model":...,"created_at":...,
  const OllamaAnswer kind_;
  std::optional<ToolCallReader> reader_;  // if the answer may hold calls
  bool ended_ = false;
};

// "2026-01-31T12:00:00Z" of seconds since 1970.
std::string rfc3339(int64_t seconds);

}  // namespace riposte::api
