// Ordinary token ids for measuring.
#pragma once

#include <cstdint>
#include <vector>

#include "base/token.h"
#include "tokenizer/tokenizer.h"

namespace riposte::apps {

// Spread over the vocabulary, no control tokens unless there is hardly anything else; a fixed linear
// congruential generator (Numerical Recipes) makes runs alike.
inline std::vector<TokenId> some_tokens(int32_t count, const tokenizer::Tokenizer& tokenizer) {
  std::vector<TokenId> tokens;
  constexpr int kMostRefused = 10'000;
  uint32_t state = 1;
  int refused = 0;
  while (static_cast<int32_t>(tokens.size()) < count) {
    state = state * 1664525u + 1013904223u;
    const auto token =
        static_cast<TokenId>((state >> 8) % static_cast<uint32_t>(tokenizer.vocabulary_size()));
    if (!tokenizer.is_control(token) || ++refused > kMostRefused) tokens.push_back(token);
  }
  return tokens;
}

}  // namespace riposte::apps
