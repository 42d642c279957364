// From places in a source to a tree of guesses, the likeliest first.
#pragma once

#include <cstdint>
#include <vector>

#include "drafting/continuations.h"
#include "drafting/draft.h"
#include "drafting/lookahead.h"

namespace riposte::drafting {

// A way in which the answer may be going on: some tokens that are still to be written, then on from a source
// word.
struct Thread {
  Continuation going_on;  // tokens may be empty: at `next_word` already
  float weight = 0.0f;    // the chance of this thread, given where it is
};

struct TreeLimits {
  int32_t most_depth = 0;
  int32_t most_guesses = 0;    // at most kMostGuesses
  float least_chance = 0.01f;  // cumulative: what is less likely is left out
};

// What the model said further on, and the end of the text from which the tree grows.
struct Heard {
  const Lookahead* lookahead = nullptr;  // null: nothing
  Lookahead::Place end = {};
};

// Grows the tree best first: of all guesses that could be appended, the one with the highest cumulative
// chance is. Threads that agree on a token go on together, so its chance is the sum of theirs.
void grow_tree(std::vector<Thread> threads, Continuations& continuations, const TreeLimits& limits,
               const Heard& heard, Draft& draft);

}  // namespace riposte::drafting
