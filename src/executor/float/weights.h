// A model's weights as float32 matrices.
#pragma once

#include <array>
#include <vector>

#include "executor/float/ops.h"
#include "hardware/thread_team.h"
#include "model/adapter.h"
#include "model/weights.h"

namespace riposte::executor {

struct FloatLayer {
  FloatMatrix query;             // [heads * head_size, hidden]
  FloatMatrix key;               // [kv_heads * head_size, hidden]
  FloatMatrix value;             // [kv_heads * head_size, hidden]
  FloatMatrix attention_output;  // [hidden, heads * head_size]
  FloatMatrix gate;              // [feed_forward, hidden]
  FloatMatrix up;                // [feed_forward, hidden]
  FloatMatrix down;              // [hidden, feed_forward]
};

// An adapter's share of one product (model::LowRank).
struct FloatLowRank {
  FloatMatrix a;  // [rank, columns]
  FloatMatrix b;  // [rows, rank]
  float scale = 0.0f;

  bool empty() const { return a.rows == 0; }
};
using FloatAdapter = std::vector<std::array<FloatLowRank, model::kProducts>>;  // [layers]

struct FloatWeights {
  std::vector<FloatLayer> layers;
  FloatMatrix output;  // [vocabulary, hidden]
};

// Decodes all matrices. The token embedding stays in the file: a step needs only a few of its rows.
// Throws std::bad_alloc.
FloatWeights decode_weights(const model::Weights& weights, hardware::ThreadTeam& team);
FloatAdapter decode_adapter(const model::Adapter& adapter, hardware::ThreadTeam& team);

}  // namespace riposte::executor
