// What adapters beside the base add to the products of a step: u = A x and B u for the rows that have one,
// several adapters side by side (kernels/ops.h, "adapters").
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "executor/cpu/packed_adapter.h"
#include "executor/cpu/quantized_rows.h"
#include "executor/cpu/reading_order.h"
#include "executor/cpu/row_segments.h"
#include "hardware/thread_team.h"
#include "kernels/ops.h"
#include "model/executor.h"

namespace riposte::executor {

class LowRankRows {
 public:
  // All that is referred to must outlive this.
  LowRankRows(std::span<const PackedAdapter> adapters, int32_t max_rows, hardware::ThreadTeam& team,
              const kernels::Kernels& kernels);

  // A step begins, of which the rows `answers` (ascending) answer. By one thread.
  void begin(const model::StepBatch& batch, std::span<const int32_t> answers);
  // Whether any row has an adapter; if not, the others need not be called.
  bool active() const { return !all_.segments.empty(); }
  // Whether reduce() deals the rows out, so that all workers must meet between it and expand(). With few rows
  // every worker computes all of them for itself: that takes less time than to meet.
  bool shared() const { return shared_; }

  // The adapter of the first row that has one; null if none has.
  const PackedAdapter* first() const;

  // u = A x of this product. `answers_only`: the rows are those that answer, as rows 0, 1, ...
  void reduce(int worker, int32_t layer, model::Product product, QuantizedRows& input,
              const ReadingOrder& order, bool answers_only);
  // out[row][16 * panel ...] += B u, for the panels of B that the worker multiplied for the base.
  void expand(int worker, int32_t layer, model::Product product, float* out, size_t out_stride,
              const ReadingOrder& order, bool answers_only);

 private:
  struct Rows {
    std::vector<OwnedSegment>
        segments;  // of the rows that have an adapter; the owner is an index into adapters_
    std::vector<uint8_t> first_position;  // [rows]: it is its sequence's first
  };
  void add_row(Rows& rows, const model::StepBatch& batch, int32_t row) const;
  QuantizedRows& reduced(int worker, model::Product product);

  std::span<const PackedAdapter> adapters_;
  hardware::ThreadTeam& team_;
  const kernels::Kernels& kernels_;
  int32_t rank_;  // the highest
  Rows all_, answers_;
  bool shared_ = false;
  std::vector<QuantizedRows> together_;  // [kSlots]: u of a step of many rows
  std::vector<QuantizedRows> alone_;     // [workers][kSlots]: of a step of few
  AlignedBuffer<float> scratch_;         // [workers][16][rank]
};

}  // namespace riposte::executor
