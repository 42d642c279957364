#include "tokenizer/bpe.h"

#include <gtest/gtest.h>

#include <random>

#include "tokenizer/merge_table.h"

namespace riposte::tokenizer {
namespace {

// The definition, word for word: merge the leftmost pair of the lowest rank until none is left.
std::vector<TokenId> merge_by_definition(std::vector<TokenId> ids, const MergeTable& merges) {
  for (;;) {
    Merge best;
    size_t best_at = 0;
    for (size_t i = 0; i + 1 < ids.size(); ++i) {
      const Merge merge = merges.find(ids[i], ids[i + 1]);
      if (merge.rank < best.rank) {
        best = merge;
        best_at = i;
      }
    }
    if (best.rank == kNoRank) return ids;
    ids[best_at] = best.merged;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(best_at) + 1);
  }
}

// A random table over a small alphabet: each token is one string, as in a real vocabulary.
MergeTable random_merges(std::mt19937& random, TokenId alphabet, size_t count) {
  std::vector<std::vector<TokenId>> tokens;
  for (TokenId id = 0; id < alphabet; ++id) tokens.push_back({id});
  std::vector<std::pair<TokenId, TokenId>> pairs;
  std::vector<TokenId> results;
  for (size_t i = 0; i < count; ++i) {
    const auto left = static_cast<TokenId>(random() % tokens.size());
    const auto right = static_cast<TokenId>(random() % tokens.size());
    std::vector<TokenId> together = tokens[static_cast<size_t>(left)];
    const auto& tail = tokens[static_cast<size_t>(right)];
    together.insert(together.end(), tail.begin(), tail.end());
    auto known = std::find(tokens.begin(), tokens.end(), together);
    if (known == tokens.end()) known = tokens.insert(tokens.end(), together);
    pairs.emplace_back(left, right);
    results.push_back(static_cast<TokenId>(known - tokens.begin()));
  }
  // Ranks at random: a merge may come before the merges that make its parts.
  std::vector<uint32_t> ranks(count);
  for (uint32_t i = 0; i < count; ++i) ranks[i] = i;
  std::shuffle(ranks.begin(), ranks.end(), random);
  MergeTable merges(count);
  for (size_t i = 0; i < count; ++i) merges.insert(pairs[i].first, pairs[i].second, {ranks[i], results[i]});
  return merges;
}

std::vector<Symbol> symbols_of(const std::vector<TokenId>& ids) {
  std::vector<Symbol> symbols;
  for (uint32_t i = 0; i < ids.size(); ++i) symbols.push_back({ids[i], i});
  symbols.push_back({kNoToken, static_cast<uint32_t>(ids.size())});
  return symbols;
}

std::vector<TokenId> ids_of(const std::vector<Symbol>& symbols, size_t count) {
  std::vector<TokenId> ids;
  for (size_t i = 0; i < count; ++i) ids.push_back(symbols[i].id);
  return ids;
}

TEST(MergeSymbols, FollowsTheDefinitionForShortAndLongWords) {
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    const auto alphabet = static_cast<TokenId>(1 + random() % 4);
    const MergeTable merges = random_merges(random, alphabet, 1 + random() % 12);
    std::vector<TokenId> ids(random() % (2 * kShortWordSymbols));
    for (TokenId& id : ids) id = static_cast<TokenId>(random() % static_cast<uint32_t>(alphabet));
    const auto find = [&](const Symbol& left, const Symbol& right, uint32_t) {
      return merges.find(left.id, right.id);
    };
    const std::vector<TokenId> expected = merge_by_definition(ids, merges);

    std::vector<Symbol> chosen = symbols_of(ids);
    EXPECT_EQ(ids_of(chosen, merge_symbols(chosen, find)), expected);
    if (ids.size() < 2) continue;
    std::vector<Symbol> by_heap = symbols_of(ids);
    const size_t count = detail::merge_long<>(by_heap, find);
    EXPECT_EQ(ids_of(by_heap, count), expected);
    EXPECT_EQ(by_heap[count].begin, ids.size());  // the sentinel
    if (ids.size() > kShortWordSymbols) continue;
    std::vector<Symbol> by_scan = symbols_of(ids);
    EXPECT_EQ(ids_of(by_scan, detail::merge_short<>(by_scan, find)), expected);
  }
}

TEST(MergeSymbols, TellsTheMergeFunctionWhereAPairBeginsAndEnds) {
  std::vector<Symbol> symbols = {{0, 0}, {1, 3}, {2, 4}, {kNoToken, 9}};
  std::vector<std::pair<uint32_t, uint32_t>> seen;
  merge_symbols(symbols, [&](const Symbol& left, const Symbol&, uint32_t end) {
    seen.emplace_back(left.begin, end);
    return Merge{};
  });
  EXPECT_EQ(seen, (std::vector<std::pair<uint32_t, uint32_t>>{{0, 4}, {3, 9}}));
}

}  // namespace
}  // namespace riposte::tokenizer
