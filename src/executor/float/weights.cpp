#include "executor/float/weights.h"

#include "quant/decode.h"

namespace riposte::executor {
namespace {

FloatMatrix decode_matrix(const model::Matrix& matrix, hardware::ThreadTeam& team) {
  const auto columns = static_cast<size_t>(matrix.columns);
  FloatMatrix decoded{matrix.rows, matrix.columns,
                      AlignedBuffer<float>(static_cast<size_t>(matrix.rows) * columns)};
  team.run([&](int worker) {
    const hardware::Share share = hardware::share_of(matrix.rows, worker, team.size());
    for (int64_t row = share.begin; row < share.end; ++row) {
      float* out = decoded.values.data() + static_cast<size_t>(row) * columns;
      quant::decode(matrix.type, matrix.row(static_cast<int32_t>(row)), {out, columns});
    }
  });
  return decoded;
}

}  // namespace

FloatWeights decode_weights(const model::Weights& weights, hardware::ThreadTeam& team) {
  FloatWeights decoded;
  decoded.layers.reserve(weights.layers.size());
  for (const model::LayerWeights& layer : weights.layers) {
    decoded.layers.push_back({decode_matrix(layer.query, team), decode_matrix(layer.key, team),
                              decode_matrix(layer.value, team), decode_matrix(layer.attention_output, team),
                              decode_matrix(layer.gate, team), decode_matrix(layer.up, team),
                              decode_matrix(layer.down, team)});
  }
  decoded.output = decode_matrix(weights.output, team);
  return decoded;
}

FloatAdapter decode_adapter(const model::Adapter& adapter, hardware::ThreadTeam& team) {
  FloatAdapter decoded(adapter.layers.size());
  for (size_t layer = 0; layer < adapter.layers.size(); ++layer) {
    for (size_t product = 0; product < model::kProducts; ++product) {
      const model::LowRank& pair = adapter.layers[layer][product];
      if (pair.empty()) continue;
      decoded[layer][product] = {decode_matrix(pair.a, team), decode_matrix(pair.b, team), pair.scale};
    }
  }
  return decoded;
}

}  // namespace riposte::executor
