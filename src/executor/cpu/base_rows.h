// The products of a step with whole matrices: those of the base or, for rows of an adapter that is merged,
// its own.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "executor/cpu/packed_adapter.h"
#include "executor/cpu/packed_weights.h"
#include "executor/cpu/quantized_rows.h"
#include "executor/cpu/reading_order.h"
#include "executor/cpu/row_segments.h"
#include "kernels/ops.h"
#include "model/executor.h"

namespace riposte::executor {

class BaseRows {
 public:
  // All that is referred to must outlive this.
  BaseRows(const PackedWeights& base, std::span<const PackedAdapter> adapters, int32_t max_rows,
           const kernels::Kernels& kernels);

  // A step begins, of which the rows `answers` (ascending) answer. By one thread.
  void begin(const model::StepBatch& batch, std::span<const int32_t> answers);
  // The adapter whose own matrices the first row is multiplied by; null if they are the base's.
  const PackedAdapter* first() const { return adapter_of(all_.front().owner); }

  // out[row][16 * panel ...] = or += W x, the panels that `order` gives the worker. `answers_only`: the rows
  // are those that answer, as rows 0, 1, ...
  void multiply(int worker, int32_t layer, model::Product product, QuantizedRows& input,
                const ReadingOrder& order, float* out, size_t out_stride, bool add, bool answers_only) const;

 private:
  static constexpr int32_t kBase = -1;  // the owner of rows that are multiplied by the base's matrices
  int32_t owner_of(const model::StepBatch& batch, int32_t row) const;
  const PackedAdapter* adapter_of(int32_t owner) const {
    return owner == kBase ? nullptr : &adapters_[static_cast<size_t>(owner)];
  }

  const PackedWeights& base_;
  std::span<const PackedAdapter> adapters_;
  const kernels::Kernels& kernels_;
  std::vector<OwnedSegment> all_, answers_;
  bool one_owner_ = true;  // of all rows
};

}  // namespace riposte::executor
