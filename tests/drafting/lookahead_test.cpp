#include "drafting/lookahead.h"

#include <gtest/gtest.h>

namespace riposte::drafting {
namespace {

TEST(Lookahead, KnowsWhatWasSaidToTheSameEnd) {
  Lookahead lookahead;
  EXPECT_TRUE(lookahead.empty());
  EXPECT_FALSE(lookahead.find({1, 2, 5}));
  lookahead.note({1, 2, 5}, 30);
  EXPECT_FALSE(lookahead.empty());
  const auto said = lookahead.find({1, 2, 5});
  ASSERT_TRUE(said);
  EXPECT_EQ(said->token, 30);
  EXPECT_TRUE(said->knows_before);
  EXPECT_FALSE(lookahead.find({2, 1, 5}));
}

TEST(Lookahead, TakesTheLastTokenAloneNearby) {
  Lookahead lookahead;
  lookahead.note({1, 2, 5}, 30);
  const auto said = lookahead.find({7, 2, 6});
  ASSERT_TRUE(said);
  EXPECT_EQ(said->token, 30);
  EXPECT_FALSE(said->knows_before);
  EXPECT_FALSE(lookahead.find({7, 2, 20})) << "the same word elsewhere";
  EXPECT_TRUE(lookahead.find({1, 2, 15})) << "two tokens may have moved further";
  EXPECT_FALSE(lookahead.find({1, 2, 100}));
}

TEST(Lookahead, PrefersTwoTokensThenTheNearestThenTheLatest) {
  Lookahead lookahead;
  lookahead.note({1, 2, 9}, 30);
  lookahead.note({8, 2, 5}, 31);
  EXPECT_EQ(lookahead.find({1, 2, 5})->token, 30);
  lookahead.note({1, 2, 4}, 32);
  EXPECT_EQ(lookahead.find({1, 2, 5})->token, 32);
  EXPECT_EQ(lookahead.find({1, 2, 9})->token, 30);
  lookahead.note({1, 2, 4}, 33);
  EXPECT_EQ(lookahead.find({1, 2, 4})->token, 33);
}

TEST(Lookahead, ForgetsTheOldest) {
  Lookahead lookahead;
  lookahead.note({1, 2, 5}, 30);
  for (size_t i = 1; i < Lookahead::kMost; ++i) lookahead.note({3, 4, 5}, 31);
  EXPECT_TRUE(lookahead.find({1, 2, 5}));
  lookahead.note({3, 4, 5}, 31);
  EXPECT_FALSE(lookahead.find({1, 2, 5}));
  EXPECT_TRUE(lookahead.find({3, 4, 5}));
}

}  // namespace
}  // namespace riposte::drafting
