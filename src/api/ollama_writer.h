// Answers to POST /api/generate and /api/chat: one object, or a line for each piece and one with the
// durations.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "api/answer.h"

namespace riposte::api {

enum class OllamaAnswer { kText, kMessage };  // of /api/generate, of /api/chat

class OllamaWriter final : public AnswerWriter {
 public:
  // `model`: the name that the client used. `created`: seconds since 1970.
  OllamaWriter(std::string_view model, int64_t created, OllamaAnswer kind);

  std::string whole(std::span<const ChoiceAnswer> choices) override;
  void begin(std::string& out) override;
  void part(int32_t choice, const AnswerPart& part, std::string& out) override;
  void end(int32_t choice, const engine::Finish& finish, std::string& out) override;
  void done(std::string& out) override;
  void error(const ApiError& error, std::string& out) override;
  StreamKind stream_kind() const override { return StreamKind::kLines; }

 private:
  std::string content(std::string_view text) const;  // "response":... or "message":{...}
  std::string last(std::string_view text, const engine::Finish& finish) const;

  const std::string head_;  // {"model":...,"created_at":...,
  const OllamaAnswer kind_;
  bool ended_ = false;
};

// "2026-01-31T12:00:00Z" of seconds since 1970.
std::string rfc3339(int64_t seconds);

}  // namespace riposte::api
