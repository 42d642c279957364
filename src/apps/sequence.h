// One sequence, run straight through an executor without an engine: for measuring and for looking at logits.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/token.h"
#include "model/executor.h"

namespace riposte::apps {

class Sequence {
 public:
  // Uses the executor's pages from 0 on, all of them if need be. The executor must outlive the sequence.
  explicit Sequence(model::Executor& executor, model::AdapterId adapter = model::kNoAdapter);

  void clear() { length_ = 0; }
  // Forgets the tokens from `length` on; there must be that many.
  void rewind(int32_t length) { length_ = length; }
  int32_t length() const { return length_; }

  // What a row answered; `logits` is empty and `argmax` kNoToken where the row was not asked for it.
  struct Answer {
    int32_t position;
    TokenId argmax;
    std::span<const float> logits;
  };
  // Appends tokens, in as few steps as the executor's limits allow. Rows ask for `each`, the last one for
  // `last`. Errors: kTooLarge (the KV memory or the model's context ends), those of Executor::step.
  Result<void> feed(std::span<const TokenId> tokens, model::RowOutput each, model::RowOutput last,
                    const std::function<void(const Answer&)>& on_answer);

 private:
  model::Executor& executor_;
  model::ExecutorLimits limits_;
  const model::AdapterId adapter_;
  std::vector<model::PageId> pages_;
  std::vector<int32_t> positions_, sequences_;
  std::vector<model::RowOutput> outputs_;
  int32_t length_ = 0;
};

}  // namespace riposte::apps
