// The merging of byte-pair encoding (Sennrich et al. 2016, https://arxiv.org/abs/1508.07909): of all
// neighbouring pairs that may merge, always the one of the lowest rank, the leftmost of equals.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <queue>
#include <span>
#include <vector>

#include "base/token.h"

namespace riposte::tokenizer {

inline constexpr uint32_t kNoRank = std::numeric_limits<uint32_t>::max();

struct Merge {
  uint32_t rank = kNoRank;
  TokenId merged = kNoToken;
};

struct Symbol {
  TokenId id;      // kNoToken: a character that is not in the vocabulary
  uint32_t begin;  // its first byte in the text; it ends where the next one begins
};

// Up to here a plain scan for the best pair is faster than a heap.
inline constexpr size_t kShortWordSymbols = 48;

namespace detail {

// Quadratic, but everything stays in a few cache lines. `symbols` ends with a sentinel whose `begin` is the
// end.
template <class FindMerge>
size_t merge_short(std::span<Symbol> symbols, const FindMerge& find_merge) {
  std::array<Merge, kShortWordSymbols> merges;  // merges[i] is that of symbols i and i + 1
  size_t pairs = symbols.size() - 2;
  for (size_t i = 0; i < pairs; ++i) merges[i] = find_merge(symbols[i], symbols[i + 1], symbols[i + 2].begin);
  while (pairs > 0) {
    const auto best = std::min_element(merges.begin(), merges.begin() + pairs,
                                       [](const Merge& a, const Merge& b) { return a.rank < b.rank; });
    if (best->rank == kNoRank) break;
    const size_t at = static_cast<size_t>(best - merges.begin());
    symbols[at].id = best->merged;
    std::copy(symbols.begin() + at + 2, symbols.begin() + pairs + 2, symbols.begin() + at + 1);
    std::copy(merges.begin() + at + 1, merges.begin() + pairs, merges.begin() + at);
    --pairs;
    if (at > 0) merges[at - 1] = find_merge(symbols[at - 1], symbols[at], symbols[at + 1].begin);
    if (at < pairs) merges[at] = find_merge(symbols[at], symbols[at + 1], symbols[at + 2].begin);
  }
  return pairs + 1;
}

// O(n log n): a heap of candidate merges over a linked list of symbols.
template <class FindMerge>
size_t merge_long(std::span<Symbol> symbols, const FindMerge& find_merge) {
  struct Candidate {
    Merge merge;
    uint32_t left, right, end;  // where the two symbols and the one after them stand in the list
  };
  const auto later = [](const Candidate& a, const Candidate& b) {
    return a.merge.rank != b.merge.rank ? a.merge.rank > b.merge.rank : a.left > b.left;
  };
  const auto sentinel = static_cast<uint32_t>(symbols.size() - 1);
  constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  std::vector<uint32_t> next(symbols.size());
  std::vector<uint32_t> previous(symbols.size());
  for (uint32_t i = 0; i <= sentinel; ++i) {
    next[i] = i + 1;
    previous[i] = i == 0 ? kNone : i - 1;
  }

  std::vector<Candidate> initial;
  const auto candidate = [&](uint32_t left) {
    const uint32_t right = next[left];
    const uint32_t end = next[right];
    return Candidate{find_merge(symbols[left], symbols[right], symbols[end].begin), left, right, end};
  };
  for (uint32_t i = 0; i + 1 < sentinel; ++i) {
    if (const Candidate found = candidate(i); found.merge.rank != kNoRank) initial.push_back(found);
  }
  std::priority_queue queue(later, std::move(initial));
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    // An earlier merge may have taken one of the two, or made it longer: then this candidate is of the past.
    // A symbol that was taken has kNone before it, which no symbol but the first has, and the first is never
    // taken.
    const bool left_is_gone = best.left != 0 && previous[best.left] == kNone;
    if (left_is_gone || next[best.left] != best.right || next[best.right] != best.end) continue;
    symbols[best.left].id = best.merge.merged;
    next[best.left] = best.end;
    previous[best.end] = best.left;
    previous[best.right] = kNone;
    if (best.left != 0) {
      if (const Candidate before = candidate(previous[best.left]); before.merge.rank != kNoRank)
        queue.push(before);
    }
    if (best.end != sentinel) {
      if (const Candidate after = candidate(best.left); after.merge.rank != kNoRank) queue.push(after);
    }
  }

  size_t count = 0;
  for (uint32_t i = 0; i != sentinel; i = next[i]) symbols[count++] = symbols[i];
  symbols[count] = symbols[sentinel];
  return count;
}

}  // namespace detail

// Merges `symbols` in place, the last of which is a sentinel: only its `begin` counts, as the end of the
// text. Returns how many symbols are left; the sentinel stands after them. `find_merge(left, right, end)`
// gives the Merge of two neighbouring symbols that together end at byte `end`. There are fewer than 2^32 - 1
// symbols.
template <class FindMerge>
size_t merge_symbols(std::span<Symbol> symbols, const FindMerge& find_merge) {
  if (symbols.size() < 3) return symbols.size() - 1;  // nothing to merge
  return symbols.size() - 1 <= kShortWordSymbols ? detail::merge_short(symbols, find_merge)
                                                 : detail::merge_long(symbols, find_merge);
}

}  // namespace riposte::tokenizer
