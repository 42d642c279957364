// Rotary position embeddings (Su et al., arXiv 2104.09864).
#pragma once

#include <span>
#include <vector>

#include "model/config.h"

namespace riposte::executor {

// The turning speeds of one kind of layer.
class Rope {
 public:
  // `factors` divide the frequencies: [head_size / 2], or empty.
  Rope(const model::ModelConfig& config, bool local, std::span<const float> factors);

  // Pair i at `position`: {cos, sin} at out[2 * i] and out[2 * i + 1]. out: [head_size]
  void angles(int32_t position, float* out) const;

 private:
  std::vector<double> frequencies_;  // [head_size / 2], radians a position
};

// Turns one head in place by the angles of its position. head: [head_size]
void rotate(model::RopePairs pairs, const float* angles, std::span<float> head);

}  // namespace riposte::executor
