// Trees of guesses: whichever branch is right is followed, and nothing of the others is left behind.
#include <gtest/gtest.h>

#include <thread>

#include "harness.h"

namespace riposte::engine {
namespace {

using drafting::Draft;
using drafting::Origin;

// Knows the answer to one request, as if it had no end.
std::vector<TokenId> endless_answer(Request request) {
  request.ignore_end = true;
  request.stop.clear();
  request.max_tokens = 200;
  return answer_alone(request, 10'000).tokens;
}

// Wrong branches beside the right one, on each of which the guesses go on rightly or wrongly.
class BushyDrafter final : public drafting::Drafter {
 public:
  // `turn`: the right guess comes after so many wrong siblings, at every depth.
  BushyDrafter(const Request& request, int32_t turn, int32_t depth)
      : turn_(turn), depth_(depth), answer_(endless_answer(request)) {}

  void propose(const drafting::DraftContext& context, Draft& draft) const override {
    int32_t right = Draft::kNoParent;
    for (int32_t depth = 0; depth < depth_; ++depth) {
      const TokenId truth = answer_[context.output.size() + static_cast<size_t>(depth)];
      const int32_t parent = right;
      for (int32_t wrong = 1; wrong <= turn_; ++wrong) {
        const int32_t guess = draft.add((truth + wrong) % kVocabulary, parent, 0.5f, Origin::kHistory);
        draft.add(truth, guess, 0.5f, Origin::kHistory);  // what follows a wrong guess is of no use
      }
      right = draft.add(truth, parent, 0.5f, Origin::kPrediction);
    }
  }

 private:
  int32_t turn_;
  int32_t depth_;
  std::vector<TokenId> answer_;
};

Request greedy() {
  return {.prompt = prompt_of("theprompt"), .max_tokens = 36, .ignore_end = true};
}

Request sampled() {
  Request request = greedy();
  request.sampling = {
      .temperature = 1.0f, .top_k = 12, .repetition_penalty = 1.1f, .presence_penalty = 0.2f, .seed = 9};
  return request;
}

model::ExecutorLimits limits_with(int32_t page_size, int32_t pages) {
  model::ExecutorLimits limits = kRoomyLimits;
  limits.page_size = page_size;
  limits.pages = pages;
  return limits;
}

void expect_same_answer(const Request& request, Heard& heard, const Finish& finish) {
  const Answer expected = answer_alone(request, kRoomyLimits.context_length);
  EXPECT_EQ(heard.tokens(), expected.tokens);
  EXPECT_EQ(heard.text(), expected.text);
  EXPECT_EQ(finish.reason, expected.reason) << finish.error.message;
}

class TreeOfPages : public ::testing::TestWithParam<int32_t> {};

TEST_P(TreeOfPages, TheRightBranchIsFollowedWhereverItStands) {
  for (const Request& request : {greedy(), sampled()}) {
    for (const int32_t turn : {0, 1, 2}) {
      testing::FakeExecutor executor(limits_with(GetParam(), 200));
      const BushyDrafter drafter(request, turn, 2);
      Engine engine(executor, std::make_unique<FakeText>(), {.drafter = &drafter});
      const auto heard = submit(engine, request);
      const Finish finish = heard->finish();
      expect_same_answer(request, *heard, finish);
      EXPECT_EQ(finish.usage.passes, 12) << "three tokens a pass, after " << turn << " wrong siblings";
      EXPECT_EQ(finish.usage.accepted_tokens, 24);
    }
  }
}

TEST_P(TreeOfPages, WhatABranchWroteServesLaterRequests) {
  const Request first = greedy();
  Request second = first;
  const std::vector<TokenId> answer = answer_alone(first, kRoomyLimits.context_length).tokens;
  second.prompt.insert(second.prompt.end(), answer.begin(), answer.begin() + 30);
  second.max_tokens = 10;
  testing::FakeExecutor executor(limits_with(GetParam(), 200));
  const BushyDrafter drafter(first, 2, 2);
  Engine engine(executor, std::make_unique<FakeText>(), {.drafter = &drafter});
  submit(engine, first)->finish();
  const auto heard = submit(engine, second);
  const Finish finish = heard->finish();
  expect_same_answer(second, *heard, finish);
  EXPECT_GE(finish.usage.cached_tokens, 30);
}

TEST_P(TreeOfPages, WithoutMemoryForBranchesTheTrunkIsGuessed) {
  const Request request = greedy();
  const int32_t needed =
      (static_cast<int32_t>(request.prompt.size()) + request.max_tokens - 2) / GetParam() + 1;
  testing::FakeExecutor executor(limits_with(GetParam(), needed));
  const BushyDrafter drafter(request, 1, 2);
  Engine engine(executor, std::make_unique<FakeText>(), {.drafter = &drafter});
  const auto heard = submit(engine, request);
  const Finish finish = heard->finish();
  expect_same_answer(request, *heard, finish);
  EXPECT_EQ(executor.copies, 0);
  EXPECT_EQ(finish.usage.passes, 36);
}

INSTANTIATE_TEST_SUITE_P(PageSizes, TreeOfPages, ::testing::Values(1, 2, 3, 4, 16));

TEST(EngineTree, GuessesAreCountedByOriginAndTokensAreTraced) {
  Request request = greedy();
  request.trace = true;
  testing::FakeExecutor executor(kRoomyLimits);
  const BushyDrafter drafter(request, 1, 2);
  Engine engine(executor, std::make_unique<FakeText>(), {.drafter = &drafter});
  const Finish finish = submit(engine, request)->finish();
  const auto& history = finish.usage.by_origin[static_cast<size_t>(Origin::kHistory)];
  const auto& prediction = finish.usage.by_origin[static_cast<size_t>(Origin::kPrediction)];
  EXPECT_EQ(prediction.accepted, 24);
  EXPECT_EQ(prediction.drafted, 24);
  EXPECT_EQ(history.accepted, 0);
  EXPECT_GT(history.drafted, 30);
  EXPECT_EQ(history.drafted + prediction.drafted, finish.usage.drafted_tokens);
  ASSERT_EQ(finish.trace.size(), 36u);
  for (size_t i = 0; i < finish.trace.size(); ++i) {
    EXPECT_EQ(finish.trace[i].pass, static_cast<int32_t>(i / 3) + 1);
    EXPECT_EQ(finish.trace[i].guessed, i % 3 != 2) << "the last token of a pass is computed";
    EXPECT_TRUE(!finish.trace[i].guessed || finish.trace[i].origin == Origin::kPrediction);
  }
  while (engine.totals().requests == 0) std::this_thread::yield();
  const Totals totals = engine.totals();
  EXPECT_EQ(totals.output_tokens, 36);
  EXPECT_EQ(totals.passes, 12);
  EXPECT_EQ(totals.steps, 12);
  EXPECT_EQ(totals.by_origin[static_cast<size_t>(Origin::kPrediction)].accepted, 24);
}

TEST(EngineTree, NothingIsGuessedWhereGuessesCostMoreThanTheySave) {
  const Request request = greedy();
  const BushyDrafter drafter(request, 0, 4);
  testing::FakeExecutor executor(kRoomyLimits);
  Engine engine(executor, std::make_unique<FakeText>(), {.drafter = &drafter, .step_cost = {1, 2, 3, 4, 5}});
  const auto heard = submit(engine, request);
  const Finish finish = heard->finish();
  expect_same_answer(request, *heard, finish);
  EXPECT_EQ(finish.usage.drafted_tokens, 0);
}

TEST(EngineTree, WhereGuessesAreAlwaysWrongTheyCostNoMoreThanAFewSteps) {
  class Wrong final : public drafting::Drafter {
   public:
    explicit Wrong(const Request& request) : answer_(endless_answer(request)) {}
    void propose(const drafting::DraftContext& context, Draft& draft) const override {
      draft.add((answer_[context.output.size()] + 1) % kVocabulary, Draft::kNoParent, 0.9f);
    }

   private:
    std::vector<TokenId> answer_;
  };
  Request request = greedy();
  request.max_tokens = 80;
  const Wrong drafter(request);
  testing::FakeExecutor executor(kRoomyLimits);
  // A guess costs a quarter of a step, and whoever proposes it is sure of it again and again.
  Engine engine(executor, std::make_unique<FakeText>(),
                {.drafter = &drafter, .step_cost = {4, 5, 6, 7, 8, 9, 10}});
  const auto heard = submit(engine, request);
  const Finish finish = heard->finish();
  expect_same_answer(request, *heard, finish);
  EXPECT_EQ(finish.usage.passes, 80);
  EXPECT_GE(finish.usage.drafted_tokens, 12);
  EXPECT_LE(finish.usage.drafted_tokens, 4 * (3 + 1) + 1) << "three steps and one in a hundred of eighty";
}

TEST(EngineTree, ATaskRemembersWhatCameOfItsGuesses) {
  class Looking final : public drafting::Drafter {
   public:
    void propose(const drafting::DraftContext& context, Draft& draft) const override {
      if (context.output.empty()) decided.push_back(context.acceptance->decided(Origin::kSource));
      draft.add(1, Draft::kNoParent);
    }
    void learn(const drafting::DraftContext& finished) const override {
      learnt.emplace_back(finished.output.begin(), finished.output.end());
    }
    mutable std::vector<int64_t> decided;
    mutable std::vector<std::vector<TokenId>> learnt;
  };
  const Looking drafter;
  std::vector<TokenId> answer;
  {
    testing::FakeExecutor executor(kRoomyLimits);
    Engine engine(executor, std::make_unique<FakeText>(), {.drafter = &drafter});
    for (const uint64_t task : {7, 7, 8, 0, 0}) {
      Request request = greedy();
      request.task = task;
      const auto heard = submit(engine, request);
      heard->finish();
      answer = heard->tokens();
    }
    Request endless = greedy();
    endless.prompt = prompt_of("other");
    endless.max_tokens = 90;
    RequestId id = 0;
    const auto heard = submit(engine, endless, &id);
    engine.cancel(id);
    if (heard->finish().reason != FinishReason::kCancelled)
      GTEST_SKIP() << "the answer was faster than its cancelling";
  }
  ASSERT_GE(drafter.decided.size(), 5u);
  EXPECT_EQ(drafter.decided[0], 0);
  EXPECT_GT(drafter.decided[1], 0) << "the second of a task knows what the first has seen";
  EXPECT_EQ(drafter.decided[2], 0);
  EXPECT_EQ(drafter.decided[4], 0) << "requests without a task know nothing of each other";
  EXPECT_EQ(drafter.learnt, std::vector(5, answer)) << "complete answers only";
}

}  // namespace
}  // namespace riposte::engine
