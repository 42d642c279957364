#include "executor/cpu/packed_weights.h"

namespace riposte::executor {
namespace {

struct Role {
  quant::PackedMatrix PackedLayer::* packed;
  model::Matrix model::LayerWeights::* file;
};

constexpr Role kRoles[] = {
    {&PackedLayer::query, &model::LayerWeights::query},
    {&PackedLayer::key, &model::LayerWeights::key},
    {&PackedLayer::value, &model::LayerWeights::value},
    {&PackedLayer::attention_output, &model::LayerWeights::attention_output},
    {&PackedLayer::gate, &model::LayerWeights::gate},
    {&PackedLayer::up, &model::LayerWeights::up},
    {&PackedLayer::down, &model::LayerWeights::down},
};

// Each worker packs the panels that it will multiply later, so that their memory lies near it.
void pack(quant::PackedMatrix& packed, const model::Matrix& file, int worker, int workers) {
  const hardware::Share share = hardware::share_of(packed.panels(), worker, workers);
  packed.pack_panels(file.data, share.begin, share.end);
}

}  // namespace

PackedWeights pack_weights(const model::Weights& weights, hardware::ThreadTeam& team) {
  PackedWeights packed;
  packed.layers.resize(weights.layers.size());
  for (size_t layer = 0; layer < weights.layers.size(); ++layer) {
    for (const Role& role : kRoles) {
      const model::Matrix& file = weights.layers[layer].*role.file;
      packed.layers[layer].*role.packed = quant::PackedMatrix(file.type, file.rows, file.columns);
    }
  }
  packed.output = quant::PackedMatrix(weights.output.type, weights.output.rows, weights.output.columns);
  team.run([&](int worker) {
    for (size_t layer = 0; layer < weights.layers.size(); ++layer) {
      for (const Role& role : kRoles) {
        pack(packed.layers[layer].*role.packed, weights.layers[layer].*role.file, worker, team.size());
      }
    }
    pack(packed.output, weights.output, worker, team.size());
  });
  return packed;
}

size_t PackedWeights::bytes() const {
  size_t sum = output.bytes();
  for (const PackedLayer& layer : layers) {
    for (const Role& role : kRoles) sum += (layer.*role.packed).bytes();
  }
  return sum;
}

}  // namespace riposte::executor
