#include "executor/cpu/quantized_rows.h"

#include <algorithm>

namespace riposte::executor {
namespace {

constexpr int32_t kBlockRows = 16;

size_t count(int64_t value) { return static_cast<size_t>(value); }

}  // namespace

QuantizedRows::QuantizedRows(int32_t max_rows, int32_t columns)
    : columns_(columns),
      groups_((columns + quant::kGroupSize - 1) / quant::kGroupSize),
      q_(count((max_rows + kBlockRows - 1) / kBlockRows * kBlockRows * groups_ * quant::kGroupSize)),
      scales_(count((max_rows + kBlockRows - 1) / kBlockRows * kBlockRows * groups_)),
      second_q_(count(max_rows * groups_ * quant::kGroupSize)),
      second_scales_(count(max_rows * groups_)),
      second_rows_(count(max_rows)) {}

void QuantizedRows::reset(int32_t rows) {
  rows_ = rows;
  width_ = std::min(rows, kBlockRows);
  second_planes_.store(0, std::memory_order_relaxed);
}

kernels::ActivationBlock QuantizedRows::block_of(int32_t first_row) const {
  const int64_t offset = first_row * groups_;  // every block before this one is full
  return {const_cast<int8_t*>(q_.data()) + offset * quant::kGroupSize,
          const_cast<kernels::GroupScale*>(scales_.data()) + offset, std::min(rows_ - first_row, kBlockRows), width_};
}

kernels::ActivationBlock QuantizedRows::second_plane(int32_t index) const {
  return {const_cast<int8_t*>(second_q_.data()) + index * groups_ * quant::kGroupSize,
          const_cast<kernels::GroupScale*>(second_scales_.data()) + index * groups_, 1, 1};
}

void QuantizedRows::set(const kernels::Kernels& kernels, int32_t row, const float* values, bool two_planes,
                        float* scratch) {
  const kernels::ActivationBlock block = block_of(row / kBlockRows * kBlockRows);
  kernels.quantize(values, columns_, block, row % kBlockRows);
  if (!two_planes) return;
  kernels.residual(values, columns_, block, row % kBlockRows, scratch);
  const int32_t index = second_planes_.fetch_add(1, std::memory_order_relaxed);
  second_rows_[count(index)] = row;
  kernels.quantize(scratch, columns_, second_plane(index), 0);
}

void QuantizedRows::multiply(const kernels::Kernels& kernels, const quant::PackedMatrix& matrix, int64_t begin,
                             int64_t end, float* out, size_t out_stride, bool add) const {
  const int32_t second_planes = this->second_planes();
  kernels::PanelProduct product{nullptr, &matrix.layout(), matrix.format(), {}, nullptr, out_stride, add};
  for (int64_t panel = begin; panel < end; ++panel) {
    product.panel = matrix.panel(panel);
    float* column = out + panel * quant::kPanelRows;
    for (int32_t row = 0; row < rows_; row += kBlockRows) {
      product.activations = block_of(row);
      product.out = column + count(row) * out_stride;
      product.add = add;
      kernels.panel_product(product);
    }
    for (int32_t index = 0; index < second_planes; ++index) {
      product.activations = second_plane(index);
      product.out = column + count(second_rows_[count(index)]) * out_stride;
      product.add = true;
      kernels.panel_product(product);
    }
  }
}

}  // namespace riposte::executor
