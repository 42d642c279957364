// How likely the model found a token, and which others it found likely: what clients see as "logprobs".
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/token.h"

namespace riposte::sampling {

struct TokenLogprob {
  TokenId token = kNoToken;
  float logprob = 0.0f;  // natural logarithm of the probability
};

struct Logprobs {
  TokenLogprob chosen;
  std::vector<TokenLogprob>
      top;  // the most likely tokens, the likeliest first; of equals, the lower id first
};

// Of the model's own distribution, softmax(logits): before penalties, bias and temperature, so that the
// numbers say what the model thought and not how it was asked. `chosen` is inside the vocabulary. A NaN
// counts as -infinity; where no logit is finite, all log-probabilities are -infinity.
Logprobs log_probabilities(std::span<const float> logits, TokenId chosen, int32_t top);

}  // namespace riposte::sampling
