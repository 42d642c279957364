// Drafts may only change how many passes an answer takes, never the answer.
#include <gtest/gtest.h>

#include "harness.h"

namespace riposte::engine {
namespace {

// Knows the answers of the fake model to greedy requests and to sampled ones, and spoils them as told.
class ScriptedDrafter final : public drafting::Drafter {
 public:
  // Of each draft, the first `right` guesses are right, the rest are wrong.
  ScriptedDrafter(Request request, int32_t right, int32_t length) : right_(right), length_(length) {
    request.ignore_end = true;
    request.stop.clear();
    request.max_tokens += 20;
    answer_ = answer_alone(request, 10'000).tokens;
  }

  void propose(const drafting::DraftContext& context, drafting::Draft& draft) const override {
    std::vector<TokenId> chain;
    for (int32_t i = 0; i < length_; ++i) {
      const TokenId truth = answer_[context.output.size() + static_cast<size_t>(i)];
      chain.push_back(i < right_ ? truth : (truth + 1) % kVocabulary);
    }
    draft.assign_chain(chain);
  }

 private:
  int32_t right_;
  int32_t length_;
  std::vector<TokenId> answer_;
};

struct Outcome {
  Finish finish;
  std::string text;
  std::vector<TokenId> tokens;
  int64_t steps = 0;
};

Outcome run(const Request& request, const drafting::Drafter* drafter,
            model::ExecutorLimits limits = kRoomyLimits, int32_t max_draft = 8) {
  testing::FakeExecutor executor(limits);
  Engine engine(executor, std::make_unique<FakeText>(), {.drafter = drafter, .max_draft = max_draft});
  const auto heard = submit(engine, request);
  const Finish finish = heard->finish();
  return {finish, heard->text(), heard->tokens(), executor.steps};
}

Request greedy() {
  return {.prompt = prompt_of("thesource"), .max_tokens = 40, .ignore_end = true};
}

Request sampled() {
  Request request = greedy();
  request.sampling = {
      .temperature = 1.0f, .top_p = 0.9f, .repetition_penalty = 1.2f, .frequency_penalty = 0.3f, .seed = 5};
  return request;
}

void expect_same_answer(const Request& request, const Outcome& outcome) {
  const Answer expected = answer_alone(request, kRoomyLimits.context_length);
  EXPECT_EQ(outcome.tokens, expected.tokens);
  EXPECT_EQ(outcome.text, expected.text);
  EXPECT_EQ(outcome.finish.reason, expected.reason) << outcome.finish.error.message;
}

TEST(EngineDrafting, RightGuessesSavePasses) {
  for (const Request& request : {greedy(), sampled()}) {
    const ScriptedDrafter drafter(request, 4, 4);
    const Outcome outcome = run(request, &drafter);
    expect_same_answer(request, outcome);
    EXPECT_EQ(outcome.finish.usage.passes, 8) << "five tokens a pass";
    EXPECT_EQ(outcome.finish.usage.drafted_tokens, 32);
    EXPECT_EQ(outcome.finish.usage.accepted_tokens, 32);
  }
}

TEST(EngineDrafting, WrongGuessesCostNoMoreThanTheirRows) {
  for (const Request& request : {greedy(), sampled()}) {
    const ScriptedDrafter drafter(request, 0, 4);
    const Outcome outcome = run(request, &drafter);
    expect_same_answer(request, outcome);
    EXPECT_EQ(outcome.finish.usage.passes, 40);
    EXPECT_EQ(outcome.finish.usage.accepted_tokens, 0);
    EXPECT_GT(outcome.finish.usage.drafted_tokens, 100);
  }
}

TEST(EngineDrafting, TheRightBeginningOfAGuessIsAccepted) {
  for (const Request& request : {greedy(), sampled()}) {
    const ScriptedDrafter drafter(request, 1, 3);
    const Outcome outcome = run(request, &drafter);
    expect_same_answer(request, outcome);
    EXPECT_EQ(outcome.finish.usage.passes, 20) << "two tokens a pass";
    EXPECT_EQ(outcome.finish.usage.accepted_tokens, 20);
  }
}

TEST(EngineDrafting, AnAnswerThatEndsInsideADraftEndsThere) {
  Request request = greedy();
  request.ignore_end = false;
  request.max_tokens = 90;
  for (TokenId i = 1; answer_alone(request, 100).reason != FinishReason::kStop; ++i) request.prompt[0] = i;
  const ScriptedDrafter drafter(request, 6, 6);
  expect_same_answer(request, run(request, &drafter));

  request.ignore_end = true;
  request.stop = {answer_alone(request, 100).text.substr(10, 2)};
  expect_same_answer(request, run(request, &drafter));
}

TEST(EngineDrafting, DraftsAreCutToTheRowsThatAreLeft) {
  model::ExecutorLimits limits = kRoomyLimits;
  limits.max_rows = 3;
  const Request request = greedy();
  const ScriptedDrafter drafter(request, 8, 8);
  Outcome outcome = run(request, &drafter, limits);
  expect_same_answer(request, outcome);
  EXPECT_EQ(outcome.finish.usage.drafted_tokens, outcome.finish.usage.accepted_tokens);
  EXPECT_LE(outcome.finish.usage.passes, 3 + 14);

  limits = kRoomyLimits;
  limits.max_logit_rows = 1;
  outcome = run(request, &drafter, limits);
  expect_same_answer(request, outcome);
  EXPECT_EQ(outcome.finish.usage.drafted_tokens, 0);

  outcome = run(request, &drafter, kRoomyLimits, 2);
  expect_same_answer(request, outcome);
  EXPECT_EQ(outcome.finish.usage.passes, 14) << "three tokens a pass";
}

TEST(EngineDrafting, InvalidDraftsAreIgnored) {
  class Odd final : public drafting::Drafter {
   public:
    explicit Odd(drafting::Draft draft) : draft_(std::move(draft)) {}
    void propose(const drafting::DraftContext&, drafting::Draft& draft) const override { draft = draft_; }

   private:
    drafting::Draft draft_;
  };
  const Request request = greedy();
  const Odd foreign({{kVocabulary}, {-1}, {1.0f}, {drafting::Origin::kSource}});
  const Odd crooked({{1, 2}, {1, 0}, {1.0f, 1.0f}, std::vector(2, drafting::Origin::kSource)});
  for (const Odd* drafter : {&foreign, &crooked}) {
    const Outcome outcome = run(request, drafter);
    expect_same_answer(request, outcome);
    EXPECT_EQ(outcome.finish.usage.drafted_tokens, 0);
  }
}

TEST(EngineDrafting, ADrafterSeesSourceOutputAndHistory) {
  class Looking final : public drafting::Drafter {
   public:
    void propose(const drafting::DraftContext& context, drafting::Draft&) const override {
      source.assign(context.source.begin(), context.source.end());
      output.assign(context.output.begin(), context.output.end());
      history.assign(context.history.begin(), context.history.end());
      most = context.most_tokens;
    }
    mutable std::vector<TokenId> source, output, history;
    mutable int32_t most = 0;
  };
  Request request = greedy();
  request.source = {1, 2, 3};
  request.max_tokens = 3;
  const Looking drafter;
  const Outcome outcome = run(request, &drafter);
  EXPECT_EQ(drafter.source, request.source);
  EXPECT_EQ(drafter.most, 1) << "asked last when two tokens were missing: one of them needs no guess";
  EXPECT_EQ(drafter.output, std::vector<TokenId>(outcome.tokens.begin(), outcome.tokens.begin() + 1));
  std::vector<TokenId> history = request.prompt;
  history.push_back(outcome.tokens[0]);
  EXPECT_EQ(drafter.history, history);
}

// Proposes three guesses, all of them wrong, and keeps what it is told of what the model said to them.
class Listening final : public drafting::Drafter {
 public:
  static constexpr TokenId kGuess = 7;
  void propose(const drafting::DraftContext& context, drafting::Draft& draft) const override {
    if (context.output.size() == 1) heard = context.lookahead->find({kGuess, kGuess, 2});
    if (context.output.empty()) draft.assign_chain(std::vector<TokenId>(3, kGuess));
  }
  mutable std::optional<drafting::Lookahead::Said> heard;
};

TEST(EngineDrafting, TellsWhatTheModelSaidBehindAWrongGuess) {
  for (Request request : {greedy(), sampled()}) {
    const Listening drafter;
    expect_same_answer(request, run(request, &drafter));
    ASSERT_NE(answer_alone(request, kRoomyLimits.context_length).tokens[0], Listening::kGuess);
    std::vector<TokenId> text = request.prompt;
    text.insert(text.end(), 3, Listening::kGuess);
    std::vector<float> logits(kVocabulary);
    testing::fake_logits(text, logits);
    ASSERT_TRUE(drafter.heard);
    EXPECT_EQ(drafter.heard->token, sampling::argmax(logits)) << "to the prompt and three guesses";
    EXPECT_TRUE(drafter.heard->knows_before);
  }
}

}  // namespace
}  // namespace riposte::engine
