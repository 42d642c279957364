// Cosines and sines of rotary position embeddings (Su et al., arXiv 2104.09864), computed once, the same on every
// machine: our own polynomials in double precision, so that no mathematical library decides a bit.
#pragma once

#include <cstdint>
#include <span>

#include "base/aligned_buffer.h"
#include "model/config.h"

namespace riposte::executor {

class RopeTable {
 public:
  // For positions 0 .. positions-1. `factors` divide the frequencies of layers with full attention: [head_size / 2], or
  // empty.
  RopeTable(const model::ModelConfig& config, bool local, std::span<const float> factors, int32_t positions);

  const float* cosine(int32_t position) const { return table_.data() + static_cast<size_t>(position) * 2 * half_; }
  const float* sine(int32_t position) const { return cosine(position) + half_; }

 private:
  size_t half_;  // pairs in a head
  AlignedBuffer<float> table_;  // [positions][2][half_]
};

}  // namespace riposte::executor
