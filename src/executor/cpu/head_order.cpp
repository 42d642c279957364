#include "executor/cpu/head_order.h"

#include <algorithm>
#include <numeric>

#include "quant/decode.h"

namespace riposte::executor {
namespace {

// The square of what the last feed-forward block is expected to write into a dimension.
double written_square(const model::LayerWeights& last, int32_t dimension, std::vector<float>& row) {
  if (!last.post_feed_forward_norm.empty()) {
    const double weight = last.post_feed_forward_norm[static_cast<size_t>(dimension)];
    return weight * weight;
  }
  row.resize(static_cast<size_t>(last.down.columns));
  quant::decode(last.down.type, last.down.row(dimension), row);
  double sum = 0.0;
  for (const float weight : row) sum += static_cast<double>(weight) * weight;
  return sum;
}

}  // namespace

std::vector<uint8_t> head_order(const model::Weights& weights) {
  if (quant::packed_format(weights.output.type) != quant::kPackedQ8_0) return {};
  const int32_t columns = weights.output.columns;
  const int32_t groups = (columns + quant::kGroupSize - 1) / quant::kGroupSize;
  // Inputs that a short last group lacks come last.
  std::vector<double> sizes(static_cast<size_t>(groups) * quant::kGroupSize, -1.0);
  std::vector<float> row;
  for (int32_t i = 0; i < columns; ++i) {
    const double norm = weights.output_norm[static_cast<size_t>(i)];
    const double size = norm * norm * written_square(weights.layers.back(), i, row);
    sizes[static_cast<size_t>(i)] = size >= 0.0 ? size : 0.0;  // not NaN, which nothing can be sorted by
  }
  std::vector<uint8_t> order(sizes.size());
  for (size_t begin = 0; begin < order.size(); begin += quant::kGroupSize) {
    const auto places = std::span(order).subspan(begin, quant::kGroupSize);
    std::iota(places.begin(), places.end(), uint8_t{0});
    std::stable_sort(places.begin(), places.end(),
                     [&](uint8_t a, uint8_t b) { return sizes[begin + a] > sizes[begin + b]; });
  }
  return order;
}

}  // namespace riposte::executor
