// What the engine's tests share: a small vocabulary, a listener that remembers, and the answer that a request
// must get, computed alone in the plainest way.
#pragma once

#include <algorithm>
#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "sampling/sampler.h"
#include "support/fake_executor.h"

namespace riposte::engine {

inline constexpr TokenId kEnd = 0;
inline constexpr int32_t kVocabulary = 40;

// Letters, pairs of letters, whole characters of several bytes, and pieces of characters that are only valid
// together.
class FakeText final : public TokenText {
 public:
  std::string_view bytes(TokenId token) const override {
    static constexpr std::array<std::string_view, 14> kOthers = {
        "ab", "ba", "abc", " ", "\n", "\xC3", "\xA4", "\xE2\x82", "\xAC", "ü", "ß", "€", "", "\xFF"};
    static constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
    if (token == kEnd) return {};
    const auto index = static_cast<size_t>(token) - 1;
    return index < 25 ? kLetters.substr(index, 1) : kOthers[index - 25];
  }
  bool is_end(TokenId token) const override { return token == kEnd; }
};

struct Answer {
  std::string text;
  std::vector<TokenId> tokens;
  FinishReason reason = FinishReason::kLength;
};

// Where the text stops: the stop string that is complete first, the longer one of two.
inline std::optional<size_t> stop_position(const std::string& text, const std::vector<std::string>& stops) {
  for (size_t end = 1; end <= text.size(); ++end) {
    std::optional<size_t> begin;
    for (const std::string& stop : stops) {
      if (std::string_view(text).substr(0, end).ends_with(stop)) {
        begin = std::min(begin.value_or(end), end - stop.size());
      }
    }
    if (begin) return begin;
  }
  return std::nullopt;
}

// One token after another, nothing shared, nothing guessed.
inline Answer answer_alone(const Request& request, int32_t context_length) {
  const FakeText text;
  Answer answer;
  sampling::Sampler sampler(request.sampling, request.prompt);
  sampling::Workspace workspace;
  std::vector<TokenId> tokens = request.prompt;
  std::vector<float> logits(kVocabulary);
  std::string bytes;
  sampling::Copying copying(request.source, request.edit_confidence);
  const auto decoded = [&bytes](bool whole) {
    tokenizer::Utf8Stream stream;
    std::string result = stream.push(bytes);
    return whole ? result + stream.finish() : result;
  };
  while (static_cast<int32_t>(answer.tokens.size()) < request.max_tokens &&
         static_cast<int32_t>(tokens.size()) <= context_length) {
    std::vector<TokenId> seen = tokens;
    for (TokenId& token : seen) token += request.adapter * kVocabulary;
    testing::fake_logits(seen, logits);
    const TokenId token =
        sampler.choose({sampling::argmax(logits), logits}, static_cast<int64_t>(tokens.size()), workspace, {},
                       copying.next());
    if (token == kEnd && !request.ignore_end) {
      answer.reason = FinishReason::kStop;
      break;
    }
    tokens.push_back(token);
    answer.tokens.push_back(token);
    sampler.accept(token);
    copying.accept(token);
    bytes += text.bytes(token);
    if (stop_position(decoded(false), request.stop)) break;
  }
  answer.text = decoded(true);
  if (const auto stop = stop_position(answer.text, request.stop)) {
    answer.text.resize(*stop);
    answer.reason = FinishReason::kStop;
  }
  return answer;
}

// Remembers what a request was told. Shared with the listener, so that it may outlive the test's own
// interest.
class Heard : public std::enable_shared_from_this<Heard> {
 public:
  Listener listener() {
    return {.on_text =
                [self = shared_from_this()](std::string_view text, std::span<const TokenId> tokens) {
                  const std::lock_guard lock(self->mutex_);
                  self->text_ += text;
                  self->tokens_.insert(self->tokens_.end(), tokens.begin(), tokens.end());
                  self->pieces_.emplace_back(text);
                  self->changed_.notify_all();
                },
            .on_finish =
                [self = shared_from_this()](const Finish& finish) {
                  const std::lock_guard lock(self->mutex_);
                  ++self->finishes_;
                  self->finish_ = finish;
                  self->changed_.notify_all();
                }};
  }

  // Waits for the end.
  Finish finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return finishes_ > 0; });
    return finish_;
  }
  void wait_for_text() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !pieces_.empty(); });
  }
  int finishes() {
    const std::lock_guard lock(mutex_);
    return finishes_;
  }
  // After the end.
  const std::string& text() const { return text_; }
  const std::vector<TokenId>& tokens() const { return tokens_; }
  const std::vector<std::string>& pieces() const { return pieces_; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string text_;
  std::vector<TokenId> tokens_;
  std::vector<std::string> pieces_;
  Finish finish_;
  int finishes_ = 0;
};

// A door that holds the executor back until the test has done something.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_for_somebody() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_ > 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

inline constexpr model::ExecutorLimits kRoomyLimits{.page_size = 4,
                                                    .pages = 64,
                                                    .max_rows = 32,
                                                    .max_logit_rows = 16,
                                                    .vocabulary = kVocabulary,
                                                    .context_length = 100};

inline std::vector<TokenId> prompt_of(std::string_view letters) {
  std::vector<TokenId> tokens;
  for (const char letter : letters) tokens.push_back(letter - 'a' + 1);
  return tokens;
}

inline std::shared_ptr<Heard> submit(Engine& engine, Request request, RequestId* id = nullptr) {
  auto heard = std::make_shared<Heard>();
  const auto result = engine.submit(std::move(request), heard->listener());
  if (!result) throw std::runtime_error(result.error().message);
  if (id != nullptr) *id = *result;
  return heard;
}

}  // namespace riposte::engine
