// An executor without a model: the answer to a row is a hash of all tokens that the row can see through its
// page table.
//
// What an adapter sees are the tokens plus its number times the size of the vocabulary: what another one has
// computed is another text to it.
//
// A wrong page table, a stale slot, a page written while somebody else reads it: all of them change the
// answer, or are refused. Contract violations of the caller come back as errors that say what was wrong.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <vector>

#include "model/executor.h"

namespace riposte::testing {

// The logits after `tokens`, between 0 and 4.
inline void fake_logits(std::span<const TokenId> tokens, std::span<float> logits) {
  const auto mix = [](uint64_t x) {  // the finaliser of SplitMix64
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
  };
  uint64_t hash = 1;
  for (const TokenId token : tokens) hash = mix(hash + 0x9e3779b97f4a7c15 + static_cast<uint64_t>(token));
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = static_cast<float>(mix(hash + i) >> 40) * 0x1p-22f;
}

class FakeExecutor : public model::Executor {
 public:
  explicit FakeExecutor(const model::ExecutorLimits& limits)
      : limits_(limits), slots_(count(limits.pages) * count(limits.page_size), kNoToken) {}

  model::ExecutorLimits limits() const override { return limits_; }

  Result<model::StepResult> step(const model::StepBatch& batch) override {
    ++steps;
    if (before_step) {
      if (auto allowed = before_step(batch); !allowed) return pass_on(allowed);
    }
    if (auto valid = check(batch); !valid) return pass_on(valid);
    const size_t rows = batch.tokens.size();
    computed_rows += static_cast<int64_t>(rows);
    for (size_t row = 0; row < rows; ++row) {
      for_each_table(batch, row,
                     [&](int32_t table) {
                       slot(batch, table, batch.positions[row]) =
                           batch.tokens[row] + adapter_of(batch, table) * limits_.vocabulary;
                     });
    }

    const size_t vocabulary = count(limits_.vocabulary);
    argmax_.assign(rows, kNoToken);
    logits_.resize(rows * vocabulary);
    logit_spans_.assign(rows, {});
    hidden_.resize(rows * count(limits_.hidden));
    hidden_spans_.assign(rows, {});
    for (size_t row = 0; row < rows; ++row) {
      if (batch.outputs[row] == model::RowOutput::kNone) continue;
      seen_.clear();
      for (int32_t position = 0; position <= batch.positions[row]; ++position) {
        seen_.push_back(slot(batch, batch.sequences[row], position));
      }
      if (batch.outputs[row] == model::RowOutput::kHidden) {
        hidden_spans_[row] = std::span(hidden_).subspan(row * count(limits_.hidden), count(limits_.hidden));
        fake_logits(seen_, std::span(hidden_).subspan(row * count(limits_.hidden), count(limits_.hidden)));
        continue;
      }
      const auto logits = std::span(logits_).subspan(row * vocabulary, vocabulary);
      fake_logits(seen_, logits);
      if (batch.outputs[row] == model::RowOutput::kLogits) {
        logit_spans_[row] = logits;
      } else {
        argmax_[row] = static_cast<TokenId>(std::ranges::max_element(logits) - logits.begin());
      }
    }
    return model::StepResult{argmax_, logit_spans_, hidden_spans_};
  }

  void copy_page(model::PageId from, model::PageId to, int32_t tokens) override {
    ++copies;
    const auto size = limits_.page_size;
    for (int32_t i = 0; i < size; ++i) {
      slots_[count(to * size + i)] = i < tokens ? slots_[count(from * size + i)] : kNoToken;
    }
  }

  size_t page_bytes() const override { return count(limits_.page_size) * sizeof(TokenId); }
  void read_page(model::PageId page, int32_t tokens, std::span<std::byte> to) const override {
    std::vector<TokenId> slots(count(limits_.page_size), kNoToken);
    std::copy_n(slots_.begin() + page * limits_.page_size, tokens, slots.begin());
    std::memcpy(to.data(), slots.data(), page_bytes());
  }
  void write_page(model::PageId page, std::span<const std::byte> from) override {
    std::memcpy(slots_.data() + count(page * limits_.page_size), from.data(), page_bytes());
  }

  // Called first in every step, on the thread of the caller; may wait, or refuse the step.
  std::function<Result<void>(const model::StepBatch&)> before_step;
  std::atomic<int64_t> steps = 0;
  std::atomic<int64_t> computed_rows = 0;
  std::atomic<int64_t> copies = 0;

 private:
  template <class T>
  static size_t count(T value) {
    return static_cast<size_t>(value);
  }

  // The tables that a row is written into: its own sequence's and those that share it.
  template <class Body>
  static void for_each_table(const model::StepBatch& batch, size_t row, Body&& body) {
    body(batch.sequences[row]);
    if (batch.also_in.empty()) return;
    for (const int32_t table : batch.also_in[row]) body(table);
  }

  static model::AdapterId adapter_of(const model::StepBatch& batch, int32_t table) {
    return batch.adapters.empty() ? model::kNoAdapter : batch.adapters[count(table)];
  }

  TokenId& slot(const model::StepBatch& batch, int32_t table, int32_t position) {
    const model::PageId page = batch.page_tables[count(table)][count(position / limits_.page_size)];
    return slots_[count(page * limits_.page_size + position % limits_.page_size)];
  }

  Result<void> check(const model::StepBatch& batch) {
    const size_t rows = batch.tokens.size();
    const auto wrong = [](const char* what) {
      return fail(ErrorCode::kInvalidArgument, "bad step: {}", what);
    };
    if (rows == 0 || rows > count(limits_.max_rows)) return wrong("number of rows");
    if (batch.positions.size() != rows || batch.sequences.size() != rows || batch.outputs.size() != rows) {
      return wrong("arrays of different lengths");
    }
    const auto none = std::ranges::count(batch.outputs, model::RowOutput::kNone);
    const auto hidden = std::ranges::count(batch.outputs, model::RowOutput::kHidden);
    if (rows - count(none + hidden) > count(limits_.max_logit_rows)) return wrong("too many answers");
    if (hidden > 0 && limits_.hidden == 0) return wrong("a hidden state, of which there are none");

    if (!batch.also_in.empty() && batch.also_in.size() != rows) return wrong("arrays of different lengths");
    for (const auto& table : batch.page_tables) {
      for (const model::PageId page : table) {
        if (page < 0 || page >= limits_.pages) return wrong("a page that does not exist");
      }
    }
    if (!batch.adapters.empty() && batch.adapters.size() != batch.page_tables.size()) return wrong("adapters");
    for (const model::AdapterId adapter : batch.adapters) {
      if (adapter < 0 || adapter > limits_.adapters) return wrong("an adapter that does not exist");
    }
    const char* bad = nullptr;
    written_.assign(batch.page_tables.size(), {});
    for (size_t row = 0; row < rows; ++row) {
      const int32_t position = batch.positions[row];
      if (batch.tokens[row] < 0 || batch.tokens[row] >= limits_.vocabulary) return wrong("token");
      if (position < 0 || position >= limits_.context_length) return wrong("position");
      for_each_table(batch, row, [&](int32_t table) {
        if (table < 0 || count(table) >= batch.page_tables.size()) {
          bad = "sequence";
        } else if (count(position / limits_.page_size) >= batch.page_tables[count(table)].size()) {
          bad = "position without a page";
        } else {
          Written& written = written_[count(table)];
          if (written.end >= 0 && position != written.end) bad = "positions with a gap";
          if (written.end < 0) written.begin = position;
          written.end = position + 1;
        }
      });
      if (bad != nullptr) return wrong(bad);
    }
    return check_pages(batch);
  }

  // A page that a table writes is in no other table; or only at the same place, of one that writes further
  // on, and then it is filled.
  Result<void> check_pages(const model::StepBatch& batch) {
    const auto wrong = [](const char* what) {
      return fail(ErrorCode::kInvalidArgument, "bad step: {}", what);
    };
    writers_.assign(count(limits_.pages), {});
    for (size_t table = 0; table < written_.size(); ++table) {
      if (written_[table].end < 0) continue;
      for (int32_t index = written_[table].begin / limits_.page_size;
           index * limits_.page_size < written_[table].end; ++index) {
        Writer& writer = writers_[count(batch.page_tables[table][count(index)])];
        if (writer.table >= 0) return wrong("a page is written twice");
        writer = {static_cast<int32_t>(table), index};
      }
    }
    for (size_t table = 0; table < written_.size(); ++table) {
      for (size_t index = 0; index < batch.page_tables[table].size(); ++index) {
        const Writer& writer = writers_[count(batch.page_tables[table][index])];
        if (writer.table < 0 || (count(writer.table) == table && count(writer.index) == index)) continue;
        const int32_t page_end = (writer.index + 1) * limits_.page_size;
        if (count(writer.table) == table || count(writer.index) != index ||
            written_[count(writer.table)].end < page_end || written_[table].begin < page_end) {
          return wrong("a shared page is written");
        }
      }
    }
    return {};
  }

  struct Written {
    int32_t begin = 0;
    int32_t end = -1;  // nothing is written
  };
  struct Writer {
    int32_t table = -1;
    int32_t index = 0;
  };

  model::ExecutorLimits limits_;
  std::vector<TokenId> slots_;  // [pages][page_size]; kNoToken where nothing was written
  std::vector<TokenId> argmax_;
  std::vector<float> logits_;
  std::vector<std::span<const float>> logit_spans_;
  std::vector<float> hidden_;
  std::vector<std::span<const float>> hidden_spans_;
  std::vector<TokenId> seen_;
  std::vector<Written> written_;  // [tables], in the step
  std::vector<Writer> writers_;   // [pages], in the step
};

}  // namespace riposte::testing
