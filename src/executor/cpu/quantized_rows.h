// The rows of a step as int8 activations, in blocks of up to 16 as the kernels read them.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/aligned_buffer.h"
#include "kernels/ops.h"
#include "quant/packed.h"

namespace riposte::executor {

// Some rows hold values that 8 bits cannot hold side by side: at the first position of a sequence a few dimensions are
// thousands of times larger than the rest. Such a row is carried as two planes: its int8 values, and what they left over,
// quantised again. A product adds the second plane's share to the first's. Which rows have two planes is decided by
// the row alone, so its bits do not depend on its company.
class QuantizedRows {
 public:
  QuantizedRows(int32_t max_rows, int32_t columns);

  // Before a new set of rows; by one thread.
  void reset(int32_t rows);
  // Quantises values[columns] into row `row`. Different rows may be set by different threads.
  // `scratch` has room for `columns` floats.
  void set(const kernels::Kernels& kernels, int32_t row, const float* values, bool two_planes, float* scratch);
  // out[row][16 * panel ...] = or += the product with panels [begin, end) of the matrix, for all rows.
  void multiply(const kernels::Kernels& kernels, const quant::PackedMatrix& matrix, int64_t begin, int64_t end,
                float* out, size_t out_stride, bool add) const;

  int32_t second_planes() const { return second_planes_.load(std::memory_order_relaxed); }

 private:
  kernels::ActivationBlock block_of(int32_t first_row) const;
  kernels::ActivationBlock second_plane(int32_t index) const;

  int32_t columns_;
  int64_t groups_;
  int32_t rows_ = 0;
  int32_t width_ = 0;  // rows side by side in a block: 16, or all where there are fewer
  AlignedBuffer<int8_t> q_;                      // [blocks][groups][width][32]
  AlignedBuffer<kernels::GroupScale> scales_;    // [blocks][groups][width]
  AlignedBuffer<int8_t> second_q_;               // [second planes][groups][32]
  AlignedBuffer<kernels::GroupScale> second_scales_;
  AlignedBuffer<int32_t> second_rows_;           // [second planes]: the row that each belongs to
  std::atomic<int32_t> second_planes_{0};
};

}  // namespace riposte::executor
