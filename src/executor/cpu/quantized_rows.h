// The rows of a step as int8 activations, in blocks of up to 16 as the kernels read them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "hardware/thread_team.h"
#include "kernels/ops.h"
#include "quant/packed.h"

namespace riposte::executor {

inline constexpr int32_t kBlockRows = 16;

// Neighbours within one block of 16 rows.
struct RowSegment {
  int32_t begin;
  int32_t end;
};

// Some groups hold values that 8 bits cannot hold side by side: one that is far larger than the others
// (kernels::is_dominated), or any of a sequence's first position, where a few dimensions are thousands of times larger
// than the rest. Such a group has a second plane: what its int8 values left over, quantised again. A product adds the
// second planes' share of a row to the first's. Which groups have one is decided by the row alone, so its bits do not
// depend on its company.
class QuantizedRows {
 public:
  // `workers`: how many threads may multiply at once.
  QuantizedRows(int32_t max_rows, int32_t columns, int workers);

  // Before a new set of rows; by one thread, while no other uses this.
  void reset(int32_t rows);
  // Quantises values[count] into columns [first, first + count) of row `row`. `first` is a multiple of 32, `count` too or
  // it reaches the end of the row. Different rows or groups may be set by different threads.
  void set(const kernels::Kernels& kernels, int32_t row, int32_t first, const float* values, int32_t count,
           bool all_second);
  // The same for one group of 32 columns of several rows: values [rows][32], all_second [rows].
  void set_group(const kernels::Kernels& kernels, RowSegment rows, int64_t group, const float* values,
                 std::span<const uint8_t> all_second);
  // out[row][16 * panel ...] = or += the product with these panels of the matrix, for all rows. `after`: what the
  // worker reads when it is done here, null where nobody knows.
  void multiply(const kernels::Kernels& kernels, int worker, const quant::PackedMatrix& matrix, hardware::Share panels,
                float* out, size_t out_stride, bool add, const std::byte* after = nullptr);
  // The same for some rows and the groups that the matrix has (it may have fewer columns); `out` is of the first of them.
  void multiply_segment(const kernels::Kernels& kernels, int worker, RowSegment rows, const quant::PackedMatrix& matrix,
                        hardware::Share panels, float* out, size_t out_stride, bool add, const std::byte* after = nullptr);

  // One group of a row: its values [32], its scale, and the second plane's scale, null where it has none.
  struct GroupPlanes {
    const int8_t* q;
    const kernels::GroupScale* scale;
    const kernels::GroupScale* second_scale;
  };
  GroupPlanes group(int32_t row, int64_t group) const;

  // How many groups of a row have a second plane.
  int32_t second_planes_of(int32_t row) const;

 private:
  struct Plane {
    AlignedBuffer<int8_t> q;                    // [blocks][groups][width][32]
    AlignedBuffer<kernels::GroupScale> scales;  // [blocks][groups][width]
  };
  struct Lists {
    uint64_t set = 0;  // the set of rows that the lists are of
    AlignedBuffer<kernels::RowGroup> entries;  // block after block
    AlignedBuffer<size_t> ends;                // [blocks]
    std::vector<int32_t> whole_rows;           // of a block, those that have one for every group and are not in the lists
    AlignedBuffer<size_t> whole_ends;          // [blocks]
    AlignedBuffer<kernels::RowGroup> segment;  // [groups][16]: of multiply_segment()
  };

  // Where a group of a row lies in [blocks][groups][width].
  int64_t place_of(int32_t row, int64_t group) const;
  // The block that holds a row, from a group on.
  kernels::ActivationBlock block_of(Plane& plane, int32_t row, int64_t group) const;
  // Gives a group its second plane if it is to have one. `values`: those that the first plane was made of.
  void add_second_plane(const kernels::Kernels& kernels, int32_t row, int64_t group, std::span<const float> values, bool always);
  // The groups with a second plane of all blocks: found by each worker for itself when it first asks.
  const Lists& second_planes(int worker);

  int64_t groups_;
  int32_t max_blocks_;
  int32_t rows_ = 0;
  int32_t width_ = 0;  // rows side by side in a block: 16, or all where there are fewer
  uint64_t set_ = 0;   // counts the sets of rows
  Plane planes_[2];    // the second is filled only where has_second_
  AlignedBuffer<uint8_t> has_second_;  // [blocks][groups][width]
  std::vector<Lists> lists_;           // [workers]
};

}  // namespace riposte::executor
