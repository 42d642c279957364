// A model's weights as float32 matrices.
#pragma once

#include <vector>

#include "executor/float/ops.h"
#include "hardware/thread_team.h"
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

struct FloatWeights {
  std::vector<FloatLayer> layers;
  FloatMatrix output;  // [vocabulary, hidden]
};

// Decodes all matrices. The token embedding stays in the file: a step needs only a few of its rows.
// Throws std::bad_alloc.
FloatWeights decode_weights(const model::Weights& weights, hardware::ThreadTeam& team);

}  // namespace riposte::executor
