#include "executor/cpu/packed_adapter.h"

#include <algorithm>
#include <cmath>

#include "quant/decode.h"

namespace riposte::executor {
namespace {

// float32 values [rows][columns] of which those beyond the file's are zero.
struct Padded {
  Padded(const model::Matrix& matrix, int32_t padded_rows, int32_t padded_columns)
      : rows(padded_rows),
        columns(padded_columns),
        values(static_cast<size_t>(padded_rows) * static_cast<size_t>(padded_columns)) {
    for (int32_t row = 0; row < matrix.rows; ++row) {
      float* out = values.data() + static_cast<size_t>(row) * static_cast<size_t>(columns);
      quant::decode(matrix.type, matrix.row(row), {out, static_cast<size_t>(matrix.columns)});
    }
  }

  // Brings the greatest magnitude into [64, 128); returns the exponent of the power of two that did so.
  int normalise() {
    float greatest = 0.0f;
    for (const float value : values) greatest = std::max(greatest, std::fabs(value));
    if (greatest == 0.0f) return 0;
    const int exponent = 6 - std::ilogb(greatest);
    for (float& value : values) value = std::ldexp(value, exponent);
    return exponent;
  }

  int32_t rows;
  int32_t columns;
  std::vector<float> values;
};

quant::PackedMatrix pack(const Padded& matrix, hardware::ThreadTeam& team) {
  quant::PackedMatrix packed(gguf::TensorType::kF32, matrix.rows, matrix.columns);
  team.run([&](int worker) {
    const hardware::Share share = hardware::share_of(packed.panels(), worker, team.size());
    packed.pack_panels(std::as_bytes(std::span(matrix.values)), share.begin, share.end);
  });
  return packed;
}

Result<PackedLowRank> pack(const model::LowRank& pair, hardware::ThreadTeam& team) {
  const int32_t rank = (pair.a.rows + quant::kGroupSize - 1) / quant::kGroupSize * quant::kGroupSize;
  Padded a(pair.a, rank, pair.a.columns), b(pair.b, pair.b.rows, rank);
  const int exponent = a.normalise() + b.normalise();
  const double factor = std::ldexp(static_cast<double>(pair.scale), -exponent);
  const auto rounded = static_cast<float>(factor);
  if (!std::isfinite(rounded)) {
    return fail(ErrorCode::kUnsupported,
                "the values of an adapter are too large: their product may be {:.1e} times 2^14", factor);
  }
  return PackedLowRank{pack(a, team), pack(b, team), rounded};
}

}  // namespace

int32_t PackedAdapter::highest_rank() const {
  int32_t highest = 0;
  for (const auto& layer : layers) {
    for (const PackedLowRank& pair : layer) highest = std::max(highest, pair.rank());
  }
  return highest;
}

size_t PackedAdapter::bytes() const {
  size_t sum = 0;
  for (const auto& layer : layers) {
    for (const PackedLowRank& pair : layer) sum += pair.a.bytes() + pair.b.bytes();
  }
  return sum;
}

Result<PackedAdapter> pack_adapter(const model::Adapter& adapter, hardware::ThreadTeam& team) {
  PackedAdapter packed;
  packed.layers.resize(adapter.layers.size());
  for (size_t layer = 0; layer < adapter.layers.size(); ++layer) {
    for (size_t product = 0; product < model::kProducts; ++product) {
      const model::LowRank& pair = adapter.layers[layer][product];
      if (pair.empty()) continue;
      auto low_rank = pack(pair, team);
      if (!low_rank) return pass_on(low_rank);
      packed.layers[layer][product] = std::move(*low_rank);
    }
  }
  return packed;
}

}  // namespace riposte::executor
