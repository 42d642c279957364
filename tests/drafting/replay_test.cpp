#include "drafting/replay.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "drafting/source_drafter.h"
#include "toy_vocabulary.h"

namespace riposte::drafting {
namespace {

std::vector<TokenId> answer_of(std::string_view text) {
  std::vector<TokenId> answer = toy_vocabulary().tokens(text);
  answer.push_back(ToyVocabulary::kEnd);
  return answer;
}

Replayed replay_of(std::string_view source, std::string_view answer, ReplayOptions options = {},
                   std::vector<Verdict>* verdicts = nullptr) {
  const SourceDrafter drafter(toy_vocabulary(), nullptr);
  const auto tokens = toy_vocabulary().tokens(source);
  return replay(drafter, {.source = tokens}, answer_of(answer), toy_vocabulary().size(), options, verdicts);
}

TEST(Replay, AnUnchangedSentenceTakesOnePassWhenItsEndIsGuessed) {
  const Replayed replayed = replay_of("She goes to school.", "She goes to school.");
  EXPECT_EQ(replayed.tokens, 6);
  EXPECT_EQ(replayed.passes, 1);
  EXPECT_EQ(replayed.all_accepted(), 6);
}

TEST(Replay, WithoutGuessesEveryTokenTakesAPass) {
  const Replayed replayed = replay_of("She goes to school.", "She went to school.", {.most_guesses = 0});
  EXPECT_EQ(replayed.passes, replayed.tokens);
  EXPECT_EQ(replayed.all_guessed(), 0);
}

TEST(Replay, AnEditCostsAPass) {
  std::vector<Verdict> verdicts;
  const Replayed replayed =
      replay_of("She go to school every day.", "She went to school every day.", {}, &verdicts);
  EXPECT_EQ(replayed.passes, 2) << "the word before the edit brings the edit with it";
  EXPECT_GT(replayed.all_guessed(), replayed.all_accepted());
  EXPECT_EQ(std::ranges::count(verdicts, true, &Verdict::right), replayed.all_accepted());
}

TEST(Replay, CountsTheCostOfItsRows) {
  const std::vector<float> cost{10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
  const Replayed replayed =
      replay_of("The house", "She goes to school.", {.step_cost = cost, .prompt_rows = 4});
  EXPECT_DOUBLE_EQ(replayed.plain_cost, 13 + 5 * 10);
  EXPECT_GE(replayed.cost, replayed.passes * 10.0);
  EXPECT_LE(replayed.cost, replayed.passes * 20.0);
}

TEST(Replay, InvalidDraftsCountAsNoneAndAnEmptyAnswerTakesNoPass) {
  class Odd final : public Drafter {
   public:
    void propose(const DraftContext&, Draft& draft) const override { draft.tokens = {1, 2, 3}; }
  };
  EXPECT_EQ(replay(Odd(), {}, answer_of("She"), toy_vocabulary().size(), {}).passes, 2);
  EXPECT_EQ(replay(Odd(), {}, {}, toy_vocabulary().size(), {}).passes, 0);
}

}  // namespace
}  // namespace riposte::drafting
