#include "drafting/model_drafter.h"

#include <gtest/gtest.h>

#include "drafting/replay.h"
#include "support/fake_executor.h"

namespace riposte::drafting {
namespace {

constexpr model::ExecutorLimits kLimits{
    .page_size = 4, .pages = 16, .max_rows = 5, .max_logit_rows = 2, .vocabulary = 50, .context_length = 60};

// What the fake model writes behind these tokens, greedily.
std::vector<TokenId> greedy(std::vector<TokenId> tokens, size_t count) {
  const size_t before = tokens.size();
  std::vector<float> logits(static_cast<size_t>(kLimits.vocabulary));
  while (tokens.size() < before + count) {
    riposte::testing::fake_logits(tokens, logits);
    tokens.push_back(static_cast<TokenId>(std::ranges::max_element(logits) - logits.begin()));
  }
  return {tokens.begin() + static_cast<ptrdiff_t>(before), tokens.end()};
}

Draft propose(const ModelDrafter& drafter, const std::vector<TokenId>& history, int32_t most = 100) {
  Draft draft;
  drafter.propose({.history = history, .most_tokens = most}, draft);
  EXPECT_TRUE(is_valid(draft, kLimits.vocabulary));
  return draft;
}

TEST(ModelDrafter, WritesOnGreedilyWhatTheSmallModelWould) {
  riposte::testing::FakeExecutor executor(kLimits);
  const ModelDrafter drafter(executor, {.most_guesses = 6, .chance = 0.6f});
  std::vector<TokenId> history{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  EXPECT_EQ(propose(drafter, history).tokens, greedy(history, 6));
  EXPECT_EQ(propose(drafter, history).tokens, greedy(history, 6)) << "asked again";
  EXPECT_EQ(propose(drafter, history, 2).tokens, greedy(history, 2));
  const Draft draft = propose(drafter, history);
  EXPECT_EQ(draft.origins, std::vector(6, Origin::kModel));
  EXPECT_EQ(draft.chances, std::vector(6, 0.6f));
}

TEST(ModelDrafter, FollowsAnswersThatTurnAwayFromItsGuessesAndOtherRequests) {
  riposte::testing::FakeExecutor executor(kLimits);
  const ModelDrafter drafter(executor);
  std::vector<TokenId> history{1, 2, 3, 4, 5, 6};
  for (const TokenId next : {7, 8, 9}) {
    propose(drafter, history);
    history.push_back(next);
    EXPECT_EQ(propose(drafter, history).tokens, greedy(history, 4));
  }
  EXPECT_EQ(propose(drafter, {20, 21}).tokens, greedy({20, 21}, 4)) << "another request";
  EXPECT_EQ(propose(drafter, history).tokens, greedy(history, 4));
}

TEST(ModelDrafter, ComputesOnceWhatTwoCallsShare) {
  riposte::testing::FakeExecutor executor(kLimits);
  const ModelDrafter drafter(executor);
  std::vector<TokenId> history{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  const Draft draft = propose(drafter, history);
  history.push_back(draft.tokens[0]);
  const int64_t before = executor.computed_rows;
  propose(drafter, history);
  EXPECT_LE(executor.computed_rows - before, 5);
}

TEST(ModelDrafter, ProposesNothingWhereItCannot) {
  riposte::testing::FakeExecutor executor(kLimits);
  const ModelDrafter drafter(executor);
  EXPECT_TRUE(propose(drafter, {}).empty());
  EXPECT_TRUE(propose(drafter, {1, 2}, 0).empty());
  EXPECT_TRUE(propose(drafter, {1, 77, 2}).empty()) << "a token that the small model lacks";
  EXPECT_TRUE(propose(drafter, {1, -1, 2}).empty());
  EXPECT_TRUE(propose(drafter, std::vector<TokenId>(61, 1)).empty()) << "longer than its context";
  EXPECT_EQ(propose(drafter, std::vector<TokenId>(60, 1)).size(), 1u) << "as long as its context";
}

TEST(ModelDrafter, AFailedStepCostsItsDraftAlone) {
  riposte::testing::FakeExecutor executor(kLimits);
  const ModelDrafter drafter(executor);
  const std::vector<TokenId> history{1, 2, 3};
  bool broken = true;
  executor.before_step = [&](const model::StepBatch&) -> Result<void> {
    if (broken) return fail(ErrorCode::kInternal, "no");
    return {};
  };
  EXPECT_TRUE(propose(drafter, history).empty());
  broken = false;
  EXPECT_EQ(propose(drafter, history).tokens, greedy(history, 4));
}

TEST(ModelDrafter, AModelOfTheSameMindSavesPasses) {
  riposte::testing::FakeExecutor small(kLimits);
  const ModelDrafter drafter(small, {.most_guesses = 4});
  // The large model answers what the small one would: the prompt is empty but for its first token.
  const std::vector<TokenId> prompt{9};
  const std::vector<TokenId> answer = greedy(prompt, 40);
  class BehindPrompt final : public Drafter {
   public:
    BehindPrompt(const Drafter& drafter, const std::vector<TokenId>& prompt)
        : drafter_(drafter), prompt_(prompt) {}
    void propose(const DraftContext& context, Draft& draft) const override {
      std::vector<TokenId> history = prompt_;
      history.insert(history.end(), context.output.begin(), context.output.end());
      DraftContext with_prompt = context;
      with_prompt.history = history;
      drafter_.propose(with_prompt, draft);
    }

   private:
    const Drafter& drafter_;
    const std::vector<TokenId>& prompt_;
  };
  const BehindPrompt behind(drafter, prompt);
  const Replayed replayed = replay(behind, {}, answer, kLimits.vocabulary, {});
  EXPECT_EQ(replayed.passes, 8) << "five tokens a pass";
  EXPECT_EQ(replayed.all_accepted(), 32);
}

}  // namespace
}  // namespace riposte::drafting
