#include "executor/cpu/quantized_rows.h"

#include <algorithm>

#include "executor/cpu/read_ahead.h"

namespace riposte::executor {
namespace {

size_t count_of(int64_t value) { return static_cast<size_t>(value); }

}  // namespace

QuantizedRows::QuantizedRows(int32_t max_rows, int32_t columns, int workers)
    : groups_((columns + quant::kGroupSize - 1) / quant::kGroupSize),
      max_blocks_((max_rows + kBlockRows - 1) / kBlockRows) {
  const size_t groups = count_of(max_blocks_ * kBlockRows * groups_);
  for (Plane& plane : planes_) {
    plane.q = AlignedBuffer<int8_t>(groups * quant::kGroupSize);
    plane.scales = AlignedBuffer<kernels::GroupScale>(groups);
  }
  has_second_ = AlignedBuffer<uint8_t>(groups);
  for (int worker = 0; worker < workers; ++worker) {
    lists_.push_back({0, AlignedBuffer<kernels::RowGroup>(groups), AlignedBuffer<size_t>(count_of(max_blocks_ + 1)), {},
                      AlignedBuffer<size_t>(count_of(max_blocks_ + 1)),
                      AlignedBuffer<kernels::RowGroup>(count_of(groups_ * kBlockRows))});
    lists_.back().whole_rows.reserve(count_of(max_blocks_ * kBlockRows));
  }
}

void QuantizedRows::reset(int32_t rows) {
  rows_ = rows;
  width_ = std::min(rows, kBlockRows);
  ++set_;
}

int64_t QuantizedRows::place_of(int32_t row, int64_t group) const {
  return row / kBlockRows * kBlockRows * groups_ + group * width_ + row % kBlockRows;  // every block before this one is full
}

kernels::ActivationBlock QuantizedRows::block_of(Plane& plane, int32_t row, int64_t group) const {
  const int32_t first_row = row / kBlockRows * kBlockRows;
  const int64_t offset = place_of(first_row, group);
  return {plane.q.data() + offset * quant::kGroupSize, plane.scales.data() + offset,
          std::min(rows_ - first_row, kBlockRows), width_};
}

void QuantizedRows::set(const kernels::Kernels& kernels, int32_t row, int32_t first, const float* values, int32_t count,
                        bool all_second) {
  const int64_t first_group = first / quant::kGroupSize;
  kernels.quantize(values, count, block_of(planes_[0], row, first_group), row % kBlockRows);
  for (int32_t begin = 0; begin < count; begin += quant::kGroupSize) {
    const auto columns = count_of(std::min(count - begin, quant::kGroupSize));
    add_second_plane(kernels, row, first_group + begin / quant::kGroupSize, {values + begin, columns}, all_second);
  }
}

void QuantizedRows::set_group(const kernels::Kernels& kernels, RowSegment rows, int64_t group, const float* values,
                              std::span<const uint8_t> all_second) {
  const kernels::ActivationBlock block = block_of(planes_[0], rows.begin, group);
  const int32_t place = rows.begin % kBlockRows;
  const int32_t count = rows.end - rows.begin;
  // The rows of a group lie side by side, as the groups of a single row would.
  kernels.quantize(values, count * quant::kGroupSize, {block.q + place * quant::kGroupSize, block.scales + place, 1, 1}, 0);
  for (int32_t i = 0; i < count; ++i) {
    add_second_plane(kernels, rows.begin + i, group, {values + i * quant::kGroupSize, count_of(quant::kGroupSize)},
                     all_second[count_of(i)] != 0);
  }
}

void QuantizedRows::add_second_plane(const kernels::Kernels& kernels, int32_t row, int64_t group, std::span<const float> values,
                                     bool always) {
  const int64_t at = place_of(row, group);
  const bool has_second = always || kernels::is_dominated(planes_[0].scales.data()[at]);
  has_second_.data()[at] = has_second;
  if (!has_second) return;
  float left[quant::kGroupSize];
  const auto columns = static_cast<int>(values.size());
  kernels.residual(values.data(), columns, block_of(planes_[0], row, group), row % kBlockRows, left);
  kernels.quantize(left, columns, block_of(planes_[1], row, group), row % kBlockRows);
}

const QuantizedRows::Lists& QuantizedRows::second_planes(int worker) {
  Lists& lists = lists_[count_of(worker)];
  if (lists.set == set_) return lists;
  lists.set = set_;
  lists.whole_rows.clear();
  size_t size = 0;
  size_t block = 0;
  for (int32_t first_row = 0; first_row < rows_; first_row += kBlockRows) {
    const uint8_t* has_second = has_second_.data() + first_row * groups_;
    const int32_t rows = std::min(rows_ - first_row, kBlockRows);
    uint32_t listed = 0;
    for (int32_t row = 0; row < rows; ++row) {
      const bool whole = second_planes_of(first_row + row) == groups_;
      listed |= uint32_t{!whole} << row;
      if (whole) lists.whole_rows.push_back(row);
    }
    lists.whole_ends[block] = lists.whole_rows.size();
    for (int32_t group = 0; group < groups_; ++group, has_second += width_) {
      for (int32_t row = 0; row < rows; ++row) {
        lists.entries[size] = {group, row};  // overwritten by the next if this has none
        size += has_second[row] & listed >> row & 1;
      }
    }
    lists.ends[block++] = size;
  }
  return lists;
}

void QuantizedRows::multiply(const kernels::Kernels& kernels, int worker, const quant::PackedMatrix& matrix,
                             hardware::Share panels, float* out, size_t out_stride, bool add, const std::byte* after) {
  const Lists& lists = second_planes(worker);
  kernels::PanelProduct product{nullptr, &matrix.layout(), matrix.format(), {}, nullptr, out_stride, add};
  for (int64_t panel = panels.begin; panel < panels.end; ++panel) {
    product.panel = matrix.panel(panel);
    product.ahead = read_ahead(matrix, panel, panels.end, after);
    size_t listed = 0;
    size_t whole = 0;
    for (int32_t row = 0; row < rows_; row += kBlockRows) {
      product.out = out + panel * quant::kPanelRows + count_of(row) * out_stride;
      product.activations = block_of(planes_[0], row, 0);
      product.second = block_of(planes_[1], row, 0);
      const auto block = count_of(row / kBlockRows);
      product.second_rows = std::span(lists.whole_rows).subspan(whole, lists.whole_ends[block] - whole);
      product.second_groups = lists.entries.span().subspan(listed, lists.ends[block] - listed);
      kernels.panel_product(product);
      product.ahead = nullptr;
      whole = lists.whole_ends[block];
      listed = lists.ends[block];
    }
  }
}

void QuantizedRows::multiply_segment(const kernels::Kernels& kernels, int worker, RowSegment rows,
                                     const quant::PackedMatrix& matrix, hardware::Share panels, float* out,
                                     size_t out_stride, bool add, const std::byte* after) {
  const int32_t place = rows.begin % kBlockRows;
  const auto segment_of = [&](Plane& plane) {
    kernels::ActivationBlock block = block_of(plane, rows.begin, 0);
    block.q += place * quant::kGroupSize;
    block.scales += place;
    block.rows = rows.end - rows.begin;
    return block;
  };
  AlignedBuffer<kernels::RowGroup>& entries = lists_[count_of(worker)].segment;
  size_t listed = 0;
  const uint8_t* has_second = has_second_.data() + (rows.begin - place) * groups_ + place;
  for (int32_t group = 0; group < matrix.layout().groups; ++group, has_second += width_) {
    for (int32_t row = 0; row < rows.end - rows.begin; ++row) {
      if (has_second[row] != 0) entries.span()[listed++] = {group, row};
    }
  }
  kernels::PanelProduct product{nullptr, &matrix.layout(), matrix.format(), segment_of(planes_[0]), nullptr, out_stride, add};
  product.second = segment_of(planes_[1]);
  product.second_groups = entries.span().first(listed);
  for (int64_t panel = panels.begin; panel < panels.end; ++panel) {
    product.panel = matrix.panel(panel);
    product.ahead = read_ahead(matrix, panel, panels.end, after);
    product.out = out + panel * quant::kPanelRows;
    kernels.panel_product(product);
  }
}

QuantizedRows::GroupPlanes QuantizedRows::group(int32_t row, int64_t group) const {
  const int64_t at = place_of(row, group);
  const bool has_second = has_second_[count_of(at)] != 0;
  return {planes_[0].q.data() + at * quant::kGroupSize, planes_[0].scales.data() + at,
          has_second ? planes_[1].scales.data() + at : nullptr};
}

int32_t QuantizedRows::second_planes_of(int32_t row) const {
  const uint8_t* has_second = has_second_.data() + place_of(row, 0);
  int32_t count = 0;
  for (int64_t group = 0; group < groups_; ++group) count += has_second[group * width_];
  return count;
}

}  // namespace riposte::executor
