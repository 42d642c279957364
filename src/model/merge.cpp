#include "model/merge.h"

#include <cstring>

#include "quant/decode.h"
#include "quant/encode.h"

namespace riposte::model {
namespace {

std::vector<float> decoded(const Matrix& matrix) {
  std::vector<float> values(static_cast<size_t>(matrix.rows) * static_cast<size_t>(matrix.columns));
  for (int32_t row = 0; row < matrix.rows; ++row) {
    quant::decode(matrix.type, matrix.row(row),
                  std::span(values).subspan(static_cast<size_t>(row) * static_cast<size_t>(matrix.columns),
                                            static_cast<size_t>(matrix.columns)));
  }
  return values;
}

std::vector<std::byte> merged(const LowRank& pair, Matrix& weight) {
  const std::vector<float> a = decoded(pair.a), b = decoded(pair.b);
  const auto columns = static_cast<size_t>(weight.columns);
  const bool whole_blocks = columns % gguf::block_shape(gguf::TensorType::kQ8_0).elements == 0;
  Matrix sum = weight;
  sum.type = whole_blocks ? gguf::TensorType::kQ8_0 : gguf::TensorType::kF32;
  std::vector<std::byte> bytes(static_cast<size_t>(sum.rows) * sum.row_bytes());
  std::vector<float> row(columns);
  for (int32_t index = 0; index < weight.rows; ++index) {
    quant::decode(weight.type, weight.row(index), row);
    for (int32_t rank = 0; rank < pair.a.rows; ++rank) {
      const float factor =
          pair.scale *
          b[static_cast<size_t>(index) * static_cast<size_t>(pair.b.columns) + static_cast<size_t>(rank)];
      const float* from = a.data() + static_cast<size_t>(rank) * columns;
      for (size_t column = 0; column < columns; ++column) row[column] += factor * from[column];
    }
    const auto out = std::span(bytes).subspan(static_cast<size_t>(index) * sum.row_bytes(), sum.row_bytes());
    if (whole_blocks) {
      quant::encode_q8_0(row, out);
    } else {
      std::memcpy(out.data(), row.data(), out.size());
    }
  }
  sum.data = bytes;
  weight = sum;
  return bytes;
}

}  // namespace

std::vector<std::vector<std::byte>> merge(const Adapter& adapter, Weights& weights) {
  std::vector<std::vector<std::byte>> kept;
  for (size_t layer = 0; layer < weights.layers.size(); ++layer) {
    for (size_t product = 0; product < kProducts; ++product) {
      const LowRank& pair = adapter.layers[layer][product];
      if (!pair.empty())
        kept.push_back(merged(pair, matrix_of(weights.layers[layer], static_cast<Product>(product))));
    }
  }
  return kept;
}

}  // namespace riposte::model
