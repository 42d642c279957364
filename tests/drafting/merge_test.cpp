#include "drafting/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace riposte::drafting {
namespace {

using testing::ElementsAre;

constexpr int32_t kRoot = Draft::kNoParent;

TEST(Merge, SharesWhatBothHaveAndAppendsTheRest) {
  Draft draft, other;
  const int32_t own = draft.add(1, kRoot, 0.6f, Origin::kSource);
  draft.add(2, own, 0.9f, Origin::kSource);
  const int32_t same = other.add(1, kRoot, 0.8f, Origin::kModel);
  other.add(3, same, 0.5f, Origin::kModel);
  const int32_t different = other.add(4, kRoot, 0.2f, Origin::kModel);
  other.add(5, different, 1.0f, Origin::kModel);
  merge(other, draft);
  ASSERT_TRUE(is_valid(draft, 10));
  EXPECT_THAT(draft.tokens, ElementsAre(1, 2, 3, 4, 5));
  EXPECT_THAT(draft.parents, ElementsAre(-1, 0, 0, -1, 3));
  EXPECT_THAT(draft.origins,
              ElementsAre(Origin::kModel, Origin::kSource, Origin::kModel, Origin::kModel, Origin::kModel))
      << "the more confident one had the idea";
  EXPECT_FLOAT_EQ(draft.chances[0], 0.8f);
  EXPECT_NEAR(draft.chances[2], 0.05f, 1e-6f) << "half of what the own guesses leave there";
}

TEST(Merge, WithNothingNothingChanges) {
  Draft draft, other;
  merge(other, draft);
  EXPECT_TRUE(draft.empty());
  other.add(1, kRoot, 0.5f);
  merge(other, draft);
  EXPECT_EQ(draft.tokens, other.tokens);
  EXPECT_EQ(draft.chances, other.chances);
  merge({}, draft);
  EXPECT_EQ(draft.size(), 1u);
}

TEST(Merge, AnyTwoDraftsMakeAValidOne) {
  std::mt19937 random(11);
  const auto any_draft = [&](size_t most) {
    Draft draft;
    const size_t size = random() % (most + 1);
    while (draft.size() < size) {
      const auto parent = static_cast<int32_t>(random() % (draft.size() + 1)) - 1;
      const auto token = static_cast<TokenId>(random() % 5);
      if (find_child(draft, parent, token) == kRoot)
        draft.add(token, parent, static_cast<float>(1 + random() % 100) / 100.0f);
    }
    return draft;
  };
  for (int round = 0; round < 300; ++round) {
    const size_t most = round % 2 == 0 ? 20 : static_cast<size_t>(kMostGuesses);
    Draft draft = any_draft(most);
    const Draft before = draft;
    const Draft other = any_draft(most);
    merge(other, draft);
    ASSERT_TRUE(is_valid(draft, 5));
    EXPECT_TRUE(std::equal(before.tokens.begin(), before.tokens.end(), draft.tokens.begin()));
    EXPECT_LE(draft.size(), before.size() + other.size());
  }
}

}  // namespace
}  // namespace riposte::drafting
