#include "drafting/source_drafter.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

#include "drafting/alignment.h"

namespace riposte::drafting {
namespace {

constexpr TokenId kEnd = 99;
using Tokens = std::vector<TokenId>;

Tokens propose(const Tokens& source, const Tokens& output, int32_t most = 100) {
  Draft draft;
  SourceDrafter(kEnd).propose({.source = source, .output = output, .history = output, .most_tokens = most},
                              draft);
  EXPECT_TRUE(is_valid(draft, 1000));
  Tokens chain;
  first_chain(draft, 1000, chain);
  return chain;
}

TEST(SourceDrafter, BeginsWithTheSource) {
  EXPECT_EQ(propose({1, 2, 3, 4, 5, 6, 7, 8, 9}, {}), (Tokens{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST(SourceDrafter, ProposesLittleAfterAnEditAndMoreTheLongerItCopies) {
  const Tokens source = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
  EXPECT_EQ(propose(source, {1, 50}), (Tokens{3, 4, 5}));
  EXPECT_EQ(propose(source, {1, 50, 3}), (Tokens{4, 5, 6, 7, 8}));
  EXPECT_EQ(propose(source, {1, 50, 3, 4}), (Tokens{5, 6, 7, 8, 9, 10, 11}));
}

TEST(SourceDrafter, FindsItsPlaceAgainAfterWordsWereReplacedInsertedAndDropped) {
  const Tokens source = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(propose(source, {1, 2, 50, 4}).front(), 5);      // 3 was replaced
  EXPECT_EQ(propose(source, {1, 2, 50, 51, 3}).front(), 4);  // two were inserted
  EXPECT_EQ(propose(source, {1, 2, 5}).front(), 6);          // 3 and 4 were dropped
}

TEST(SourceDrafter, GuessesTheEndAfterTheEndOfTheSource) {
  EXPECT_EQ(propose({1, 2, 3}, {1, 2}), (Tokens{3, kEnd}));
  EXPECT_EQ(propose({1, 2, 3}, {1, 2, 3}), (Tokens{kEnd}));
  EXPECT_EQ(propose({1, 2, 3}, {1, 2}, 1), (Tokens{3}));  // no room for it
}

TEST(SourceDrafter, ProposesNothingWithoutASourceOrRoom) {
  EXPECT_TRUE(propose({}, {1, 2}).empty());
  EXPECT_TRUE(propose({1, 2}, {}, 0).empty());
}

TEST(SourceDrafter, GivesUpWhereTheAnswerIsNoRewritingAndComesBackWhenItCopies) {
  const Tokens source = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_TRUE(propose(source, {50, 51, 52, 53}).empty());
  EXPECT_TRUE(propose(source, {1, 50, 51, 52, 53}).empty());
  EXPECT_EQ(propose(source, {50, 51, 52, 53, 1, 2}).front(), 3);
}

TEST(SourceDrafter, KeepsItsPlaceInALongRepetitiveSource) {
  Tokens source;
  for (TokenId i = 0; i < 300; ++i)
    source.push_back(i % 10 == 9 ? 200 + i : i % 10);  // every tenth is its own
  const Tokens output(source.begin(), source.begin() + 195);
  EXPECT_EQ(align(source, output).position, 195);
}

}  // namespace
}  // namespace riposte::drafting
