// Where in the source an answer has arrived.
#pragma once

#include <cstdint>
#include <span>

#include "base/token.h"

namespace riposte::drafting {

struct Alignment {
  int32_t position = 0;   // the source token that is expected next
  int32_t matched = 0;    // how many tokens before it were copied in a row
  int32_t distance = 0;   // edits between the output (its last 64 tokens) and the source before `position`
  int32_t looked_at = 0;  // tokens of the output
};

// Aligns the output with a beginning of the source by edit distance over tokens (Levenshtein): the beginning
// that costs least, where an end without a copied token costs one more; among equals the one that ends in the
// longest copied run, then the longest one: a word that was replaced is taken for done. Only the last 64
// tokens of a long output are looked at; then the beginning of the source is free.
Alignment align(std::span<const TokenId> source, std::span<const TokenId> output);

}  // namespace riposte::drafting
