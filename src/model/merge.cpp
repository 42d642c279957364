#include "model/merge.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "quant/decode.h"
#include "quant/encode.h"

namespace riposte::model {
namespace {

constexpr float kGreatestHalf = 65504.0f;

}  // namespace

std::optional<gguf::TensorType> merged_type(const Adapter& adapter, const Weights& base, Merging merging) {
  if (merging == Merging::kNone) return std::nullopt;
  bool as_trained = adapter.merges_into.has_value();
  for (size_t layer = 0; as_trained && layer < adapter.layers.size(); ++layer) {
    for (size_t product = 0; product < kProducts; ++product) {
      const Matrix& weight = matrix_of(base.layers[layer], static_cast<Product>(product));
      const bool whole =
          weight.columns % static_cast<int32_t>(gguf::block_shape(*adapter.merges_into).elements) == 0;
      if (!adapter.layers[layer][product].empty()) as_trained = as_trained && whole;
    }
  }
  if (as_trained) return adapter.merges_into;
  if (merging == Merging::kAll) return gguf::TensorType::kF32;
  return std::nullopt;
}

bool merge_rows(const LowRank& pair, const Matrix& weight, gguf::TensorType type, int32_t begin, int32_t end,
                std::span<std::byte> out) {
  const auto columns = static_cast<size_t>(weight.columns);
  const auto ranks = static_cast<size_t>(pair.a.rows);
  std::vector<float> a(ranks * columns), b(ranks), row(columns);
  for (int32_t rank = 0; rank < pair.a.rows; ++rank) {
    quant::decode(pair.a.type, pair.a.row(rank),
                  std::span(a).subspan(static_cast<size_t>(rank) * columns, columns));
  }
  const size_t row_bytes = Matrix{type, 1, weight.columns, {}}.row_bytes();
  for (int32_t index = begin; index < end; ++index) {
    quant::decode(weight.type, weight.row(index), row);
    quant::decode(pair.b.type, pair.b.row(index), b);
    for (size_t rank = 0; rank < ranks; ++rank) {
      const float factor = pair.scale * b[rank];
      const float* from = a.data() + rank * columns;
      for (size_t column = 0; column < columns; ++column) row[column] += factor * from[column];
    }
    // A value that is no number is not below anything.
    if (!std::ranges::all_of(row, [](float value) { return std::fabs(value) <= kGreatestHalf; }))
      return false;
    const auto place = out.subspan(static_cast<size_t>(index) * row_bytes, row_bytes);
    if (type == gguf::TensorType::kQ4_1) {
      quant::encode_q4_1(row, place);
    } else {
      std::memcpy(place.data(), row.data(), place.size());
    }
  }
  return true;
}

}  // namespace riposte::model
