// What every executor asks of a StepBatch before it writes anything.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "model/executor.h"

namespace riposte::executor {

// Keeps its working memory from step to step, so that a check allocates only when a batch has more sequences
// than any before it.
class StepValidator {
 public:
  explicit StepValidator(const model::ExecutorLimits& limits);

  // Errors: kInvalidArgument, naming the row or sequence, if
  // - the arrays differ in length, or there are more rows or answers than the limits allow;
  // - a token, position, sequence, kind of output or page lies outside its range;
  // - a sequence names an adapter that does not exist, or a row is written into a sequence of another adapter;
  // - the positions of a sequence's rows (those that are also written into it among them) do not ascend by one, or its
  //   page table ends before them;
  // - a page that one sequence writes is also written by another or used twice by its own, or read by another that does
  //   not have it at the same place or has another adapter, or before the writer fills it.
  Result<void> check(const model::StepBatch& batch);

 private:
  struct Span {
    uint64_t step = 0;  // the check that set the other two
    int32_t first = 0;  // position of the sequence's first row in this step
    int32_t last = 0;
  };
  struct Writer {
    uint64_t step = 0;
    int32_t sequence = 0;
  };

  Result<void> check_counts(const model::StepBatch& batch) const;
  Result<void> check_row(const model::StepBatch& batch, size_t row);
  Result<void> take_position(const model::StepBatch& batch, size_t row, int32_t sequence);
  Result<void> claim_pages(const model::StepBatch& batch, int32_t sequence);
  Result<void> check_shared_pages(const model::StepBatch& batch, int32_t sequence) const;

  const model::ExecutorLimits limits_;
  uint64_t step_ = 0;
  std::vector<Span> spans_;      // [sequences]
  std::vector<Writer> writers_;  // [pages]
};

}  // namespace riposte::executor
