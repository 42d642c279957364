// Where in the source an answer has arrived.
#pragma once

#include <cstdint>
#include <vector>

#include "drafting/words.h"

namespace riposte::drafting {

// A place in the source from which the answer may go on.
struct Place {
  int32_t word = 0;     // the source word that is expected next (words of the source: the end)
  float chance = 0.0f;  // of all places together at most 1
  int32_t copied = 0;   // the words before it that the answer copied in a row, at most kMostCopied
};
inline constexpr int32_t kMostCopied = 8;

struct Alignment {
  std::vector<Place> places;       // the likeliest first, at most `most`
  std::vector<Place> before_last;  // the same before the answer's last word; empty if it has none
  // How much better "a rewriting of the source" explains the answer than "a text of its own": a factor for
  // the odds of the former.
  double rewriting_odds = 1.0;
};

// Aligns the answer's words with the source's. The answer is seen as written by someone who goes through the
// source and copies words, changes their case or form, replaces them, joins two, drops some or inserts some,
// each with a certain chance (a pair hidden Markov model: Durbin et al., Biological Sequence Analysis,
// chapter 4); its forward algorithm gives the chance of each place.
//
// Only the last 32 words of a longer answer are looked at: then it may have begun anywhere, as it may where
// `begins_anywhere`.
Alignment align(const Words& source, std::span<const Word> output, size_t most, bool begins_anywhere = false);

}  // namespace riposte::drafting
