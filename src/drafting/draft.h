// A draft: guesses at the next tokens of an answer, as a small tree, so that several continuations can share
// a beginning.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/token.h"

namespace riposte::drafting {

// Who had the idea of a guess.
enum class Origin : uint8_t {
  kSource,      // the text that is being rewritten
  kHistory,     // earlier answers and edits
  kPrediction,  // a text that the client expects
  kModel,       // a smaller model
  kLookahead,   // the model itself, behind a guess that was wrong
};
inline constexpr size_t kOrigins = 5;

// No draft is larger: what reads drafts can keep its notes in arrays of this size.
inline constexpr int32_t kMostGuesses = 256;

// Flat arrays, one entry per guess, parents before children. A guess without a parent (kNoParent) stands for
// the token right after the sequence; any other for the token after its parent. Children of one parent are
// different tokens, the likelier first.
struct Draft {
  static constexpr int32_t kNoParent = -1;
  std::vector<TokenId> tokens;   // [guesses]
  std::vector<int32_t> parents;  // [guesses], each less than its own index
  // [guesses], in (0, 1]: the estimated chance that the guess is right, given that its parent is right.
  std::vector<float> chances;
  std::vector<Origin> origins;  // [guesses]

  size_t size() const { return tokens.size(); }
  bool empty() const { return tokens.empty(); }
  void clear();
  // Appends a guess and returns its index.
  int32_t add(TokenId token, int32_t parent, float chance = 1.0f, Origin origin = Origin::kSource);
  // Keeps the first `size` guesses; at most as many as there are.
  void truncate(size_t size);
  // One continuation without branches, in place of what was there.
  void assign_chain(std::span<const TokenId> chain);
};

// Whether the arrays are of one length (kMostGuesses at most), parents come before children, tokens lie in
// the vocabulary and chances in (0, 1], and no two children of one parent are the same token.
bool is_valid(const Draft& draft, int32_t vocabulary);

// The tokens along the first child of each guess, at most `most`, into `chain` (in place of what was there).
void first_chain(const Draft& draft, size_t most, std::vector<TokenId>& chain);

// The child of `parent` (or a first guess: kNoParent) that is this token; kNoParent if there is none.
int32_t find_child(const Draft& draft, int32_t parent, TokenId token);

}  // namespace riposte::drafting
