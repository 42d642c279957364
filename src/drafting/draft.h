// A draft: guesses at the next tokens of an answer, as a small tree, so that several continuations can share
// a beginning.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/token.h"

namespace riposte::drafting {

// Flat arrays, one entry per guess, parents before children. A guess without a parent (kNoParent) stands for
// the token right after the sequence; any other for the token after its parent. Children of one parent: the
// likelier first.
//
// Today's engine verifies chains only: of a tree it takes the first child of each guess.
struct Draft {
  static constexpr int32_t kNoParent = -1;
  std::vector<TokenId> tokens;   // [guesses]
  std::vector<int32_t> parents;  // [guesses], each less than its own index

  size_t size() const { return tokens.size(); }
  void clear();
  // Appends a guess and returns its index.
  int32_t add(TokenId token, int32_t parent);
  // One continuation without branches, in place of what was there.
  void assign_chain(std::span<const TokenId> chain);
};

// Whether the arrays are of one length, parents come before children, and tokens lie in the vocabulary.
bool is_valid(const Draft& draft, int32_t vocabulary);

// The tokens along the first child of each guess, at most `most`, into `chain` (in place of what was there).
void first_chain(const Draft& draft, size_t most, std::vector<TokenId>& chain);

}  // namespace riposte::drafting
