// How a token is chosen from logits. The defaults are greedy.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/token.h"

namespace riposte::sampling {

inline constexpr int32_t kMaxTopLogprobs = 20;

struct SamplingParams {
  float temperature = 0.0f;         // 0: greedy
  int32_t top_k = 0;                // 0: off
  float top_p = 1.0f;               // 1: off
  float min_p = 0.0f;               // 0: off
  float repetition_penalty = 1.0f;  // 1: off; over prompt and output, as in CTRL (arXiv 1909.05858)
  float presence_penalty = 0.0f;    // OpenAI's definition, over the output only
  float frequency_penalty = 0.0f;   // OpenAI's definition, over the output only
  std::vector<std::pair<TokenId, float>> logit_bias = {};
  uint64_t seed = 0;
  // With each token of the answer, its log-probability and those of so many most likely tokens; -1: none.
  int32_t top_logprobs = -1;

  bool needs_logits() const {
    return temperature > 0.0f || repetition_penalty != 1.0f || presence_penalty != 0.0f ||
           frequency_penalty != 0.0f || top_logprobs >= 0 || !logit_bias.empty();
  }
};

// Errors: kInvalidArgument, naming the field and its range: temperature 0 to 100, top_k at least 0, top_p and
// min_p 0 to 1 (top_p 0 keeps the most likely token alone), repetition_penalty 0.01 to 100, the other
// penalties and biases -100 to 100, tokens of logit_bias inside the vocabulary, top_logprobs -1 to
// kMaxTopLogprobs.
Result<void> validate(const SamplingParams& params, int32_t vocabulary);

}  // namespace riposte::sampling
