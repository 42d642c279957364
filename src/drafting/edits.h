// What a rewriting changed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "drafting/words.h"

namespace riposte::drafting {

// Source words [source_begin, source_end) became output words [output_begin, output_end); either may be
// empty.
struct Edit {
  int32_t source_begin = 0;
  int32_t source_end = 0;
  int32_t output_begin = 0;
  int32_t output_end = 0;

  friend bool operator==(const Edit&, const Edit&) = default;
};

inline constexpr size_t kMostEditWords = 512;

// All edits in order; the words between them were copied (letter for letter, or with another capital). Words
// that became similar ones are edits of their own; other changes that touch are one. The cheapest way from
// one text to the other (Levenshtein with weights). Nothing for texts of more than kMostEditWords words.
std::vector<Edit> edits_between(const Words& source, const Words& output);

}  // namespace riposte::drafting
