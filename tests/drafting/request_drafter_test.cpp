#include "drafting/request_drafter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "drafting/replay.h"
#include "toy_vocabulary.h"

namespace riposte::drafting {
namespace {

const ToyVocabulary& vocabulary() {
  return toy_vocabulary();
}

std::vector<TokenId> tokens(std::string_view text) {
  return vocabulary().tokens(text);
}

bool contains(const Draft& draft, std::string_view text) {
  int32_t at = Draft::kNoParent;
  for (const TokenId token : tokens(text)) {
    at = find_child(draft, at, token);
    if (at == Draft::kNoParent) return false;
  }
  return true;
}

Draft propose(const Drafter& drafter, DraftContext context) {
  context.most_tokens = 64;
  Draft draft;
  drafter.propose(context, draft);
  EXPECT_TRUE(is_valid(draft, vocabulary().size()));
  return draft;
}

TEST(RequestDrafter, ThePredictionComesBeforeTheSource) {
  const RequestDrafter drafter(vocabulary());
  const auto source = tokens("She go to school."), prediction = tokens("She went to school.");
  const Draft draft = propose(drafter, {.source = source, .prediction = prediction});
  EXPECT_TRUE(contains(draft, "She went to school."));
  EXPECT_TRUE(contains(draft, "She go to"));
  EXPECT_EQ(draft.origins[0], Origin::kPrediction);
  EXPECT_GT(std::ranges::count(draft.origins, Origin::kSource), 0);
}

TEST(RequestDrafter, GuessesALearnedEditTheSecondTime) {
  const RequestDrafter drafter(vocabulary());
  const auto source = tokens("However why."), answer = tokens("However, why?");
  EXPECT_FALSE(contains(propose(drafter, {.source = source}), "However, why?"));
  drafter.learn({.source = source, .output = answer});
  const Draft draft = propose(drafter, {.source = source});
  EXPECT_TRUE(contains(draft, "However, why?"));
  EXPECT_GT(std::ranges::count(draft.origins, Origin::kHistory), 0);
  EXPECT_FALSE(contains(propose(drafter, {.source = source, .owner = 9}), "However, why?"));
  EXPECT_FALSE(contains(propose(drafter, {.source = source, .use_history = false}), "However, why?"));
}

TEST(RequestDrafter, LearnsNothingWhereItMustNot) {
  const auto source = tokens("However why."), answer = tokens("However, why?");
  const RequestDrafter without(vocabulary(), {.history_bytes = 0});
  EXPECT_EQ(without.history(), nullptr);
  without.learn({.source = source, .output = answer});
  EXPECT_FALSE(contains(propose(without, {.source = source}), "However, why?"));
  const RequestDrafter asked_not_to(vocabulary());
  asked_not_to.learn({.source = source, .output = answer, .use_history = false});
  EXPECT_FALSE(contains(propose(asked_not_to, {.source = source}), "However, why?"));
}

TEST(RequestDrafter, ASecondRunOverTheSameTextTakesFewerPasses) {
  const RequestDrafter drafter(vocabulary());
  const auto source = tokens("She go to the school every days and like red house.");
  auto answer = tokens("She goes to school every day, and likes the red house.");
  answer.push_back(ToyVocabulary::kEnd);
  const int32_t first = replay(drafter, {.source = source}, answer, vocabulary().size(), {}).passes;
  const int32_t second = replay(drafter, {.source = source}, answer, vocabulary().size(), {}).passes;
  EXPECT_LT(second, first);
}

TEST(RequestDrafter, AnotherDraftersIdeasAreMergedIn) {
  class Red final : public Drafter {
   public:
    void propose(const DraftContext& context, Draft& draft) const override {
      draft.add(tokens(" red")[0], Draft::kNoParent, 0.5f, Origin::kModel);
    }
    void learn(const DraftContext&) const override { ++learned; }
    mutable int learned = 0;
  };
  const Red red;
  const RequestDrafter drafter(vocabulary(), {.model = &red});
  const auto source = tokens("She goes.");
  EXPECT_TRUE(contains(propose(drafter, {.source = source}), " red"));
  drafter.learn({});
  EXPECT_EQ(red.learned, 1);
}

// Whatever the texts: a valid, bounded draft, the same for the same request, with the depth that was asked
// for.
class AnyTexts : public testing::TestWithParam<uint32_t> {};

TEST_P(AnyTexts, MakeValidBoundedAndRepeatableDrafts) {
  std::mt19937 random(GetParam());
  const RequestDrafter drafter(vocabulary(), {.history_bytes = 1 << 16});
  const auto any = [&](size_t most) {
    std::vector<TokenId> text(random() % (most + 1));
    for (TokenId& token : text) {
      token = static_cast<TokenId>(random() % static_cast<uint32_t>(vocabulary().size()));
      if (random() % 50 == 0) token = static_cast<TokenId>(random());  // nonsense, of either sign
    }
    return text;
  };
  // A text with edits, as a rewriting would make them.
  const auto edited = [&](std::vector<TokenId> text) {
    for (size_t i = 0; i < text.size();) {
      const uint32_t what = random() % 12;
      const auto at = text.begin() + static_cast<ptrdiff_t>(i);
      if (what == 0) {
        text.erase(at);
        continue;
      }
      if (what == 1) *at = static_cast<TokenId>(random() % static_cast<uint32_t>(vocabulary().size()));
      if (what == 2)
        text.insert(at, static_cast<TokenId>(random() % static_cast<uint32_t>(vocabulary().size())));
      i += what == 2 ? 2 : 1;
    }
    return text;
  };
  for (int round = 0; round < 150; ++round) {
    const auto source = any(round % 10 == 0 ? 900 : 40);
    const auto prediction = random() % 3 == 0 ? any(30) : std::vector<TokenId>();
    auto output = random() % 3 == 0 ? any(60) : edited(source);
    output.resize(random() % (output.size() + 1));
    Acceptance acceptance;
    for (uint32_t i = random() % 20; i > 0; --i) acceptance.observe(Origin::kSource, 0.7f, random() % 2 == 0);
    const DraftContext context{.source = source,
                               .prediction = prediction,
                               .output = output,
                               .history = output,
                               .most_tokens = static_cast<int32_t>(random() % 40) - 2,
                               .rewriting_chance = static_cast<float>(random() % 12) / 10.0f - 0.1f,
                               .acceptance = &acceptance,
                               .owner = random() % 2,
                               .use_history = random() % 4 != 0};
    Draft draft, again;
    drafter.propose(context, draft);
    drafter.propose(context, again);
    // Guesses are taken from the source as it is: nonsense in it is refused where the engine asks is_valid().
    const bool nonsense = std::ranges::any_of(
        draft.tokens, [](TokenId token) { return token < 0 || token >= vocabulary().size(); });
    ASSERT_TRUE(nonsense || is_valid(draft, vocabulary().size())) << round;
    EXPECT_EQ(draft.tokens, again.tokens);
    EXPECT_EQ(draft.parents, again.parents);
    EXPECT_EQ(draft.chances, again.chances);
    std::vector<int32_t> depth(draft.size());
    for (size_t i = 0; i < draft.size(); ++i) {
      depth[i] = draft.parents[i] == Draft::kNoParent ? 1 : depth[static_cast<size_t>(draft.parents[i])] + 1;
      ASSERT_LE(depth[i], context.most_tokens);
    }
    drafter.learn(context);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnyTexts, testing::Range(1u, 9u));

}  // namespace
}  // namespace riposte::drafting
