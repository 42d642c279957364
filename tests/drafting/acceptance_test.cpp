#include "drafting/acceptance.h"

#include <gtest/gtest.h>

#include <limits>

namespace riposte::drafting {
namespace {

constexpr int32_t kRoot = Draft::kNoParent;

TEST(Acceptance, KnowingNothingItChangesNothing) {
  EXPECT_EQ(Acceptance().corrected(Origin::kSource, 0.37f), 0.37f);
}

TEST(Acceptance, WrongGuessesLowerTheChancesOfTheirOriginAlone) {
  Acceptance acceptance;
  float before = 0.8f;
  for (int i = 0; i < 10; ++i) {
    acceptance.observe(Origin::kSource, 0.8f, false);
    const float now = acceptance.corrected(Origin::kSource, 0.8f);
    EXPECT_LT(now, before);
    before = now;
  }
  EXPECT_LT(before, 0.5f);
  EXPECT_EQ(acceptance.corrected(Origin::kHistory, 0.8f), 0.8f);
}

TEST(Acceptance, GuessesThatKeepTheirPromiseStayAsTheyAre) {
  Acceptance acceptance;
  for (int i = 0; i < 100; ++i) acceptance.observe(Origin::kSource, 0.75f, i % 4 != 0);
  EXPECT_NEAR(acceptance.corrected(Origin::kSource, 0.6f), 0.6f, 0.05f);
}

TEST(Acceptance, BetterThanPromisedRaisesChancesBelowOne) {
  Acceptance acceptance;
  for (int i = 0; i < 1000; ++i) acceptance.observe(Origin::kSource, 0.5f, true);
  for (const float chance : {1e-6f, 0.3f, 1.0f}) {
    EXPECT_GT(acceptance.corrected(Origin::kSource, chance), 0.0f);
    EXPECT_LT(acceptance.corrected(Origin::kSource, chance), 1.0f);
  }
  EXPECT_GT(acceptance.corrected(Origin::kSource, 0.3f), 0.9f);
}

TEST(Acceptance, WhatItCorrectsComesTrue) {
  Acceptance acceptance;
  for (int i = 0; i < 200; ++i) {
    // Said to be right nine times in ten, and right half the time.
    acceptance.observe(Origin::kSource, acceptance.corrected(Origin::kSource, 0.9f), i % 2 == 0);
  }
  EXPECT_NEAR(acceptance.corrected(Origin::kSource, 0.9f), 0.5f, 0.1f);
}

TEST(Acceptance, ThePastFades) {
  Acceptance acceptance;
  for (int i = 0; i < 50; ++i) acceptance.observe(Origin::kSource, 0.9f, false);
  const float fresh = acceptance.corrected(Origin::kSource, 0.9f);
  acceptance.fade(0.1f);
  EXPECT_GT(acceptance.corrected(Origin::kSource, 0.9f), fresh);
  acceptance.fade(std::numeric_limits<float>::quiet_NaN());
  EXPECT_NEAR(acceptance.corrected(Origin::kSource, 0.9f), 0.9f, 1e-5f);
}

TEST(Acceptance, OfADraftTheDecidedGuessesAreObserved) {
  Draft draft;
  const int32_t right = draft.add(1, kRoot, 0.5f, Origin::kSource);
  const int32_t wrong = draft.add(2, kRoot, 0.5f, Origin::kHistory);
  draft.add(3, wrong, 0.5f, Origin::kHistory);
  const int32_t next = draft.add(4, right, 0.5f, Origin::kSource);
  draft.add(5, next, 0.5f, Origin::kModel);
  Acceptance acceptance;
  observe_draft(draft, std::vector<TokenId>{1, 4, 6}, acceptance);
  EXPECT_EQ(acceptance.decided(Origin::kSource), 2);
  EXPECT_EQ(acceptance.decided(Origin::kHistory), 1) << "nobody knows what comes after a wrong guess";
  EXPECT_EQ(acceptance.decided(Origin::kModel), 1);
  EXPECT_GT(acceptance.corrected(Origin::kSource, 0.5f), 0.5f);
  EXPECT_LT(acceptance.corrected(Origin::kModel, 0.5f), 0.5f);
}

}  // namespace
}  // namespace riposte::drafting
