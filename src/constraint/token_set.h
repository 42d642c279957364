// Which tokens of a vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/token.h"

namespace riposte::constraint {

// A set of tokens: bit t % 64 of word t / 64.
using TokenSet = std::vector<uint64_t>;

inline bool contains(std::span<const uint64_t> set, TokenId token) {
  return (set[static_cast<size_t>(token) / 64] >> (static_cast<size_t>(token) % 64) & 1) != 0;
}
inline void insert(TokenSet& set, TokenId token) {
  set[static_cast<size_t>(token) / 64] |= uint64_t{1} << (static_cast<size_t>(token) % 64);
}

}  // namespace riposte::constraint
