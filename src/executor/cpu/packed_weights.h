// A model's matrices in panels, packed once at load by all threads.
#pragma once

#include <vector>

#include "hardware/thread_team.h"
#include "model/weights.h"
#include "quant/packed.h"

namespace riposte::executor {

struct PackedLayer {
  quant::PackedMatrix query, key, value, attention_output, gate, up, down;
};

struct PackedWeights {
  std::vector<PackedLayer> layers;
  quant::PackedMatrix output;  // [vocabulary, hidden]

  size_t bytes() const;
};

PackedWeights pack_weights(const model::Weights& weights, hardware::ThreadTeam& team);

}  // namespace riposte::executor
