#include "drafting/source_drafter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "toy_vocabulary.h"

namespace riposte::drafting {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class SourceDrafterTest : public testing::Test {
 protected:
  Draft propose(std::string_view source, std::string_view output,
                DraftContext context = {.most_tokens = 64}) const {
    const auto source_tokens = vocabulary.tokens(source);
    const auto output_tokens = vocabulary.tokens(output);
    context.source = source_tokens;
    context.output = output_tokens;
    Draft draft;
    drafter.propose(context, draft);
    EXPECT_TRUE(is_valid(draft, vocabulary.size()));
    return draft;
  }
  // The text of the likeliest guesses.
  std::string likeliest(std::string_view source, std::string_view output) const {
    return first(propose(source, output));
  }
  std::string first(const Draft& draft) const {
    std::vector<TokenId> chain;
    first_chain(draft, 100, chain);
    return vocabulary.text(chain);
  }
  // Whether these tokens are a way from the root.
  bool contains(const Draft& draft, std::string_view text) const {
    int32_t at = Draft::kNoParent;
    for (const TokenId token : vocabulary.tokens(text)) {
      at = find_child(draft, at, token);
      if (at == Draft::kNoParent) return false;
    }
    return true;
  }

  const ToyVocabulary& vocabulary = toy_vocabulary();
  const Spelling spelling{vocabulary};
  const SourceDrafter drafter{vocabulary, &spelling};
};

TEST_F(SourceDrafterTest, ProposesTheWholeSourceAndTheEnd) {
  EXPECT_EQ(likeliest("She goes to school.", ""), "She goes to school.<end>");
  EXPECT_EQ(likeliest("She goes to school.", "She goes to"), " school.<end>");
  EXPECT_EQ(likeliest("She goes to school.", "She goes to school."), "<end>");
}

TEST_F(SourceDrafterTest, GoesOnBehindAnEdit) {
  EXPECT_THAT(likeliest("She go to school every day.", "She went"), StartsWith(" to school every day."));
  EXPECT_THAT(likeliest("The tecnologies are new.", "The technologies"), StartsWith(" are new."));
}

TEST_F(SourceDrafterTest, AfterAWordOfItsOwnProposesSeveralPlacesAtOnce) {
  const Draft draft = propose("She go to school every day.", "She however");
  EXPECT_TRUE(contains(draft, " to school"));
  EXPECT_TRUE(contains(draft, " go to school"));
}

TEST_F(SourceDrafterTest, ProposesAWordLeftOut) {
  EXPECT_TRUE(contains(propose("She go the school.", "She went"), " school."));
}

TEST_F(SourceDrafterTest, CorrectsTheSpellingOfUnknownWords) {
  EXPECT_EQ(likeliest("The tecnologies are new.", "The"), " technologies are new.<end>");
  EXPECT_TRUE(contains(propose("The tecnologies are new.", "The"), " tecnologies are"))
      << "perhaps it is a word";
  const SourceDrafter without(vocabulary, nullptr);
  const auto source = vocabulary.tokens("The tecnologies are new.");
  Draft draft;
  without.propose({.source = source, .most_tokens = 64}, draft);
  EXPECT_EQ(first(draft), "The tecnologies are new.<end>");
}

TEST_F(SourceDrafterTest, GoesOnInsideAWordThatIsHalfWritten) {
  EXPECT_THAT(likeliest("She goes to tecnologies.", "She goes to tecn"), StartsWith("ologies."));
}

TEST_F(SourceDrafterTest, WritesACapitalWhereASentenceBegins) {
  EXPECT_THAT(likeliest("It was old, she goes to school.", "It was old."),
              StartsWith(" She goes to school."));
}

TEST_F(SourceDrafterTest, MayEndASentenceThatLacksItsFullStop) {
  const Draft draft = propose("She goes to school", "She goes to school");
  EXPECT_TRUE(contains(draft, "."));
  EXPECT_NE(find_child(draft, Draft::kNoParent, ToyVocabulary::kEnd), Draft::kNoParent);
  EXPECT_NE(
      find_child(draft, find_child(draft, Draft::kNoParent, vocabulary.tokens(".")[0]), ToyVocabulary::kEnd),
      Draft::kNoParent);
}

TEST_F(SourceDrafterTest, ProposesNothingWithoutASourceOrRoom) {
  EXPECT_TRUE(propose("", "She").empty());
  EXPECT_TRUE(propose("She goes", "", {.most_tokens = 0}).empty());
  EXPECT_TRUE(propose("She goes", "", {.most_tokens = -1}).empty());
}

TEST_F(SourceDrafterTest, DoubtsThatAnAnswerIsARewritingUntilItLooksLikeOne) {
  const DraftContext chat{.most_tokens = 64, .rewriting_chance = 0.3f};
  const auto chance = [&](std::string_view output) {
    const Draft draft = propose("She goes to school every day and likes the garden.", output, chat);
    return draft.empty() ? 0.0f : *std::ranges::max_element(draft.chances.begin(), draft.chances.begin() + 1);
  };
  EXPECT_LT(chance(""), 0.3f);
  EXPECT_LT(chance("However, why not"), 0.1f);
  EXPECT_GT(chance("She goes to school"), 0.8f);
}

TEST_F(SourceDrafterTest, BelievesItsChancesLessAfterWrongGuesses) {
  Acceptance bad;
  for (int i = 0; i < 20; ++i) bad.observe(Origin::kSource, 0.9f, false);
  const Draft trusting = propose("She goes to school.", "She");
  const Draft doubting = propose("She goes to school.", "She", {.most_tokens = 64, .acceptance = &bad});
  ASSERT_EQ(trusting.tokens, doubting.tokens);
  for (size_t i = 0; i < trusting.size(); ++i) EXPECT_LT(doubting.chances[i], trusting.chances[i]);
}

class WithLookahead : public SourceDrafterTest {
 protected:
  // The model answered `answer` to a text of `words` tokens that ended with these two.
  void said(std::string_view before, std::string_view last, std::string_view answer, int32_t position) {
    lookahead.note({vocabulary.tokens(before)[0], vocabulary.tokens(last)[0], position},
                   vocabulary.tokens(answer)[0]);
  }
  Draft hear(std::string_view source, std::string_view output) const {
    return propose(source, output, {.most_tokens = 64, .lookahead = &lookahead});
  }
  Lookahead lookahead;
};

TEST_F(WithLookahead, GuessesAnEditThatTheModelMadeFurtherOn) {
  said(" to", " the", " garden", 4);
  const Draft draft = hear("She go to the school every day.", "She goes");
  EXPECT_EQ(first(draft), " to the garden every day.<end>");
  EXPECT_EQ(draft.origins[2], Origin::kLookahead);
  EXPECT_EQ(draft.origins[3], Origin::kSource);
}

TEST_F(WithLookahead, GuessesAWordOrMarkInBetween) {
  said(" to", " school", ",", 3);
  EXPECT_EQ(first(hear("She go to school every day.", "She goes")), " to school, every day.<end>");
}

TEST_F(WithLookahead, LeavesOutWhatTheModelLeftOut) {
  said(" goes", " to", " every", 2);
  EXPECT_EQ(first(hear("She go to the school every day.", "She goes")), " to every day.<end>");
}

TEST_F(WithLookahead, EndsWhereTheModelEnded) {
  lookahead.note({vocabulary.tokens(" every")[0], vocabulary.tokens(" day")[0], 5}, ToyVocabulary::kEnd);
  EXPECT_EQ(first(hear("She go to school every day.", "She goes")), " to school every day<end>");
}

TEST_F(WithLookahead, IsSurerOfWhatTheModelCopied) {
  const auto chance_of_third = [&] { return hear("She go to school every day.", "She goes").chances[2]; };
  const float before = chance_of_third();
  said(" to", " school", " every", 3);
  EXPECT_GT(chance_of_third(), before);
}

TEST_F(WithLookahead, AnswerThatMeansNothingHereDoesNoHarm) {
  lookahead.note({vocabulary.tokens(" to")[0], vocabulary.tokens(" school")[0], 3}, vocabulary.size() + 5);
  EXPECT_TRUE(lookahead.find({vocabulary.tokens(" to")[0], vocabulary.tokens(" school")[0], 3}));
  Draft draft;
  const auto source = vocabulary.tokens("She go to school every day.");
  const auto output = vocabulary.tokens("She goes");
  drafter.propose({.source = source, .output = output, .most_tokens = 64, .lookahead = &lookahead},
                  draft);  // invalid, then ignored
}

TEST_F(SourceDrafterTest, FollowsThePredictionInPlaceOfTheSource) {
  const SourceDrafter predicting(vocabulary, nullptr, SourceDrafter::Text::kPrediction);
  const auto source = vocabulary.tokens("She goes to school.");
  const auto prediction = vocabulary.tokens("The house was old.");
  Draft draft;
  predicting.propose({.source = source, .prediction = prediction, .most_tokens = 64}, draft);
  EXPECT_EQ(first(draft), "The house was old.<end>");
  EXPECT_EQ(draft.origins, std::vector(draft.size(), Origin::kPrediction));
  draft.clear();
  predicting.propose({.source = source, .most_tokens = 64}, draft);
  EXPECT_TRUE(draft.empty());
}

TEST_F(SourceDrafterTest, GuessesNoEndWhereItKnowsNone) {
  class Endless final : public Vocabulary {
   public:
    int32_t size() const override { return toy_vocabulary().size(); }
    std::string_view bytes(TokenId token) const override { return toy_vocabulary().bytes(token); }
    void encode(std::string_view text, std::vector<TokenId>& out) const override {
      toy_vocabulary().encode(text, out);
    }
    TokenId end() const override { return kNoToken; }
  };
  const Endless endless;
  const auto source = vocabulary.tokens("She goes to school.");
  Draft draft;
  SourceDrafter(endless, nullptr).propose({.source = source, .most_tokens = 64}, draft);
  EXPECT_TRUE(is_valid(draft, endless.size()));
  EXPECT_EQ(std::ranges::count(draft.tokens, ToyVocabulary::kEnd), 0);
}

}  // namespace
}  // namespace riposte::drafting
