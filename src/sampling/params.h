// How a token is chosen from logits. The defaults are greedy.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/token.h"

namespace riposte::sampling {

struct SamplingParams {
  float temperature = 0.0f;  // 0: greedy
  int32_t top_k = 0;         // 0: off
  float top_p = 1.0f;        // 1: off
  float min_p = 0.0f;        // 0: off
  float repetition_penalty = 1.0f;  // 1: off; over prompt and output, as in CTRL (arXiv 1909.05858)
  float presence_penalty = 0.0f;    // OpenAI's definition, over the output only
  float frequency_penalty = 0.0f;   // OpenAI's definition, over the output only
  std::vector<std::pair<TokenId, float>> logit_bias;
  uint64_t seed = 0;

  bool needs_logits() const {
    return temperature > 0.0f || repetition_penalty != 1.0f || presence_penalty != 0.0f ||
           frequency_penalty != 0.0f || !logit_bias.empty();
  }
};

}  // namespace riposte::sampling
