// A model without weights, served by the real engine: an executor that babbles.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <span>
#include <thread>
#include <vector>

#include "api/served_model.h"
#include "chat/template.h"
#include "engine/engine.h"
#include "model/executor.h"
#include "support/byte_tokenizer.h"
#include "tokenizer/tokenizer.h"

namespace riposte::testing {

// The next token is a hash of all tokens before it: a lower-case letter, or sometimes the end. So an answer
// depends on its whole prompt and its adapter (there are two), and on nothing else.
class BabblingExecutor : public model::Executor {
 public:
  explicit BabblingExecutor(int32_t context_length) : context_length_(context_length) {
    memory_.resize(static_cast<size_t>(limits().pages) * kPageSize);
  }

  std::atomic<bool> endless{false};       // never the end token
  std::atomic<bool> fails{false};         // every step is an error
  std::atomic<int> step_microseconds{0};  // how long a step takes
  std::atomic<int64_t> steps{0};

  model::ExecutorLimits limits() const override {
    return {.page_size = kPageSize,
            .pages = 8 * context_length_ / kPageSize,
            .max_rows = 512,
            .max_logit_rows = 512,
            .vocabulary = kByteVocabulary,
            .context_length = context_length_,
            .hidden = kHidden,
            .adapters = 2};
  }

  Result<model::StepResult> step(const model::StepBatch& batch) override {
    ++steps;
    if (step_microseconds > 0) std::this_thread::sleep_for(std::chrono::microseconds(step_microseconds));
    if (fails) return fail(ErrorCode::kInternal, "the executor was told to fail");
    const size_t rows = batch.tokens.size();
    argmax_.assign(rows, kNoToken);
    logits_.assign(rows, {});
    rows_of_logits_.assign(rows, {});
    hidden_.resize(rows * kHidden);
    rows_of_hidden_.assign(rows, {});
    for (size_t row = 0; row < rows; ++row) {
      const auto pages = batch.page_tables[batch.sequences[row]];
      const int32_t position = batch.positions[row];
      const model::AdapterId adapter = batch.adapters.empty() ? model::kNoAdapter : batch.adapters[batch.sequences[row]];
      const TokenId token = batch.tokens[row] + adapter * kByteVocabulary;
      memory_[slot(pages, position)] = token;
      if (!batch.also_in.empty()) {
        for (const int32_t other : batch.also_in[row]) memory_[slot(batch.page_tables[other], position)] = token;
      }
      if (batch.outputs[row] == model::RowOutput::kNone) continue;
      uint64_t hash = 1469598103934665603u;  // FNV-1a
      // An endless answer would take ever longer if each step read all of it.
      const int32_t first = endless ? std::max(0, position - 255) : 0;
      for (int32_t p = first; p <= position; ++p) {
        hash = (hash ^ static_cast<uint64_t>(memory_[slot(pages, p)])) * 1099511628211u;
      }
      answer(row, hash, batch.outputs[row]);
    }
    return model::StepResult{argmax_, rows_of_logits_, rows_of_hidden_};
  }

  void copy_page(model::PageId from, model::PageId to, int32_t tokens) override {
    std::copy_n(memory_.begin() + from * kPageSize, tokens, memory_.begin() + to * kPageSize);
  }

  static constexpr int32_t kHidden = 12;  // values of a hidden state

 private:
  static constexpr int32_t kPageSize = 16;

  static size_t slot(std::span<const model::PageId> pages, int32_t position) {
    return static_cast<size_t>(pages[position / kPageSize]) * kPageSize + position % kPageSize;
  }

  void answer(size_t row, uint64_t hash, model::RowOutput output) {
    if (output == model::RowOutput::kHidden) {
      const auto hidden = std::span(hidden_).subspan(row * kHidden, kHidden);
      for (size_t i = 0; i < hidden.size(); ++i) hidden[i] = static_cast<float>((hash >> (4 * i)) % 16) - 7.5f;
      rows_of_hidden_[row] = hidden;
      return;
    }
    const uint64_t draw = (hash >> 20) % 64;
    const TokenId letter = kFirstByteToken + 'a' + static_cast<TokenId>(draw % 26);
    const TokenId winner = draw == 63 && !endless ? kEndToken : letter;
    if (output == model::RowOutput::kArgmax) {
      argmax_[row] = winner;
      return;
    }
    // Several letters are about as likely as the winner, so that a seed matters.
    logits_[row].assign(kByteVocabulary, -100.0f);
    for (TokenId other = 0; other < 26; ++other) {
      logits_[row][kFirstByteToken + 'a' + other] = static_cast<float>((hash >> other) % 8) * 0.1f;
    }
    logits_[row][winner] = 1.0f;
    rows_of_logits_[row] = logits_[row];
  }

  const int32_t context_length_;
  std::vector<TokenId> memory_;  // [pages][page_size]
  std::vector<TokenId> argmax_;
  std::vector<std::vector<float>> logits_;
  std::vector<std::span<const float>> rows_of_logits_;
  std::vector<float> hidden_;  // [rows][hidden]
  std::vector<std::span<const float>> rows_of_hidden_;
};

// All of it together, ready to be served.
struct BabbleModel {
  explicit BabbleModel(int32_t context = 4096) : executor(context), context_length(context) {}

  api::ServedModel served() {
    return {.name = "tiny/babble",
            .created = 1'700'000'000,
            .fingerprint = "fp_tiny",
            .tokenizer = tokenizer,
            .chat_template = &chat_template,
            .engine = engine,
            .context_length = context_length,
            .embedding_size = BabblingExecutor::kHidden};
  }

  tokenizer::Tokenizer tokenizer = byte_tokenizer();
  chat::Template chat_template = *chat::Template::parse(kChatMl);
  BabblingExecutor executor;
  engine::Engine engine{executor, tokenizer};
  const int32_t context_length;
};

}  // namespace riposte::testing
