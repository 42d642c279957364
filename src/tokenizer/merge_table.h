// Which two neighbouring tokens a byte-level BPE merges, how early, and into what: a flat hash table keyed by
// both ids.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "base/token.h"
#include "tokenizer/bpe.h"

namespace riposte::tokenizer {

class MergeTable {
 public:
  // Room for `merges` insertions.
  explicit MergeTable(size_t merges)
      : slots_(std::bit_ceil(2 * merges + 1)), shift_(64 - std::bit_width(slots_.size() - 1)) {}

  // A pair that is inserted again takes its new rank.
  void insert(TokenId left, TokenId right, Merge merge) {
    Slot& slot = slots_[locate(key_of(left, right))];
    slot = {key_of(left, right), merge};
  }
  // Rank kNoRank if the two do not merge. Both ids are valid.
  Merge find(TokenId left, TokenId right) const { return slots_[locate(key_of(left, right))].merge; }

 private:
  static constexpr uint64_t kEmpty = ~uint64_t{0};  // no key: ids are not negative

  struct Slot {
    uint64_t key = kEmpty;
    Merge merge;
  };

  static uint64_t key_of(TokenId left, TokenId right) {
    return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
  }

  // The slot of `key`, or the empty one where it would go.
  size_t locate(uint64_t key) const {
    const size_t mask = slots_.size() - 1;
    // Fibonacci hashing: the high bits of the product with 2^64 / golden ratio depend on all bits of both
    // ids.
    size_t at = mask == 0 ? 0 : (key * 0x9E3779B97F4A7C15u) >> shift_;
    while (slots_[at].key != key && slots_[at].key != kEmpty) at = (at + 1) & mask;
    return at;
  }

  std::vector<Slot> slots_;  // a power of two, at most half full
  int shift_;                // 64 - log2 of its size
};

}  // namespace riposte::tokenizer
