#include "executor/cpu/packed_adapter.h"

#include <algorithm>
#include <cmath>

#include "executor/cpu/packed_cache.h"
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

int32_t padded_rank(const model::LowRank& pair) {
  return (pair.a.rows + quant::kGroupSize - 1) / quant::kGroupSize * quant::kGroupSize;
}

// Gives every matrix of the adapter its place in `memory`, empty as yet; returns how much they take. Without
// memory it only counts.
size_t place(const model::Adapter& adapter, PackedAdapter& packed, std::span<std::byte> memory) {
  size_t offset = 0;
  const auto place_one = [&](int32_t rows, int32_t columns) {
    const size_t bytes = quant::packed_bytes(quant::kPackedQ8_0, rows, columns);
    offset += bytes;
    if (memory.empty()) return quant::PackedMatrix();
    return quant::PackedMatrix(gguf::TensorType::kF32, quant::kPackedQ8_0, rows, columns,
                               memory.subspan(offset - bytes, bytes));
  };
  for (size_t layer = 0; layer < adapter.layers.size(); ++layer) {
    for (const auto& products : kTogether) {
      for (const bool of_a : {true, false}) {
        for (const model::Product product : products) {
          const model::LowRank& pair = adapter.layers[layer][static_cast<size_t>(product)];
          if (pair.empty()) continue;
          PackedLowRank& low_rank = packed.layers[layer][static_cast<size_t>(product)];
          if (of_a) low_rank.a = place_one(padded_rank(pair), pair.a.columns);
          if (!of_a) low_rank.b = place_one(pair.b.rows, padded_rank(pair));
        }
      }
    }
  }
  return offset;
}

void pack(const Padded& matrix, hardware::ThreadTeam& team, quant::PackedMatrix& packed) {
  team.run([&](int worker) {
    const hardware::Share share = hardware::share_of(packed.panels(), worker, team.size());
    packed.pack_panels(std::as_bytes(std::span(matrix.values)), share.begin, share.end);
  });
}

Result<void> pack(const model::LowRank& pair, hardware::ThreadTeam& team, PackedLowRank& packed) {
  const int32_t rank = padded_rank(pair);
  Padded a(pair.a, rank, pair.a.columns), b(pair.b, pair.b.rows, rank);
  const int exponent = a.normalise() + b.normalise();
  const double factor = std::ldexp(static_cast<double>(pair.scale), -exponent);
  const auto rounded = static_cast<float>(factor);
  if (!std::isfinite(rounded)) {
    return fail(ErrorCode::kUnsupported,
                "the values of an adapter are too large: their product may be {:.1e} times 2^14", factor);
  }
  packed.factor = rounded;
  pack(a, team, packed.a);
  pack(b, team, packed.b);
  return {};
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
  size_t sum = merged.bytes();
  for (const auto& layer : layers) {
    for (const PackedLowRank& pair : layer) sum += pair.a.bytes() + pair.b.bytes();
  }
  return sum;
}

const quant::PackedMatrix& weight_of(const PackedWeights& base, const PackedAdapter* adapter, int32_t layer,
                                     model::Product product) {
  const auto at = static_cast<size_t>(layer);
  if (adapter != nullptr && adapter->is_merged()) {
    const quant::PackedMatrix& own = adapter->merged.layers[at].of(product);
    if (own.rows() > 0) return own;
  }
  return base.layers[at].of(product);
}

Result<PackedAdapter> merge_adapter(const model::Model& base, const model::Adapter& adapter,
                                    gguf::TensorType type, hardware::ThreadTeam& team,
                                    const std::filesystem::path& folder) {
  PackedAdapter packed;
  packed.layers.resize(adapter.layers.size());
  auto merged = load_or_merge(base, adapter, type, team, folder);
  if (!merged) return pass_on(merged);
  packed.merged = std::move(*merged);
  return packed;
}

Result<PackedAdapter> pack_adapter(const model::Adapter& adapter, hardware::ThreadTeam& team) {
  PackedAdapter packed;
  packed.layers.resize(adapter.layers.size());
  packed.memory = AlignedBuffer<std::byte>(place(adapter, packed, {}));
  place(adapter, packed, packed.memory.span());
  for (size_t layer = 0; layer < adapter.layers.size(); ++layer) {
    for (size_t product = 0; product < model::kProducts; ++product) {
      const model::LowRank& pair = adapter.layers[layer][product];
      if (pair.empty()) continue;
      if (auto done = pack(pair, team, packed.layers[layer][product]); !done) return pass_on(done);
    }
  }
  return packed;
}

}  // namespace riposte::executor
