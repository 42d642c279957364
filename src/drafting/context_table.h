// A bounded memory of what was done in which context.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "base/token.h"

namespace riposte::drafting {

// A hash table of fixed size from a context (a hash) to the tokens that were written there most, and how
// often. Where it is full, a context gives way in which nothing was ever written, or the one that was touched
// least lately. Thread-safe.
class ContextTable {
 public:
  static constexpr size_t kMostTokens = 8;  // of one value

  // As many contexts as fit into `most_bytes`, at least a few.
  explicit ContextTable(size_t most_bytes);

  struct Known {
    std::array<TokenId, kMostTokens> tokens;
    int32_t size = 0;   // of tokens; 0: nothing was ever written here
    int32_t taken = 0;  // how often these tokens were written (others count against them)
    int32_t seen = 0;   // how often the context was met
    std::span<const TokenId> value() const { return std::span(tokens).first(static_cast<size_t>(size)); }
  };
  std::optional<Known> find(uint64_t context) const;
  // The context was met, and these tokens were written (empty: nothing). More than kMostTokens count as
  // nothing.
  void observe(uint64_t context, std::span<const TokenId> written);

  size_t capacity() const { return entries_.size(); }
  size_t bytes() const { return entries_.size() * sizeof(Entry); }

 private:
  static constexpr size_t kWays = 4;  // contexts that share a place
  struct Entry {
    uint64_t context = 0;
    uint32_t touched = 0;
    uint16_t seen = 0;  // 0: empty
    uint16_t taken = 0;
    int32_t size = 0;
    std::array<TokenId, kMostTokens> tokens = {};
  };
  size_t place_of(uint64_t context) const;

  mutable std::mutex mutex_;
  std::vector<Entry> entries_;  // [places][kWays]
  uint32_t now_ = 0;
};

}  // namespace riposte::drafting
