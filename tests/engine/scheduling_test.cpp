// Who is served when: a fake clock, a fake executor, one thread.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/step_loop.h"
#include "harness.h"

namespace riposte::engine {
namespace {

using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::Le;

class SchedulingTest : public ::testing::Test {
 protected:
  struct Sent {
    RequestId id = 0;
    std::shared_ptr<Heard> heard;
  };

  // A step of n rows takes 10 + n ms of the fake clock.
  void start(EngineOptions options = {}, model::ExecutorLimits limits = kRoomyLimits) {
    limits.max_rows = 256;
    limits.max_logit_rows = 256;
    executor = std::make_unique<testing::FakeExecutor>(limits);
    executor->before_step = [this](const model::StepBatch& batch) -> Result<void> {
      now += milliseconds(10 + static_cast<int64_t>(batch.tokens.size()));
      rows.push_back(batch.tokens.size());
      return {};
    };
    options.now = [this] { return now; };
    for (int n = 1; n <= 32; ++n) options.step_cost.push_back(10.0f + static_cast<float>(n));
    loop = std::make_unique<StepLoop>(*executor, text, options);
    context = limits.context_length;
  }

  Sent send(Request request) {
    Sent sent{++last_id, std::make_shared<Heard>()};
    const Pace pace = loop->forecast().pace;
    const double work = pace.work_of(static_cast<int32_t>(request.prompt.size()), expected_answer(request));
    auto sequence = std::make_unique<Sequence>(std::move(request), ended(sent), context, now);
    sequence->set_id(sent.id);
    sequence->set_turn(turn_of(now, pace.ms_for(work)));
    loop->add(std::move(sequence));
    return sent;
  }

  // Steps until this request has ended, and how many that were.
  int steps_until_end(const Sent& sent) {
    int steps = 0;
    for (; sent.heard->finishes() == 0 && steps < 10'000; ++steps) loop->step();
    return steps;
  }
  void run_all() {
    for (int steps = 0; !loop->idle() && steps < 10'000; ++steps) loop->step();
  }

  const FakeText text{};
  Clock::time_point now{std::chrono::hours(1)};
  std::unique_ptr<testing::FakeExecutor> executor;
  std::unique_ptr<StepLoop> loop;
  std::vector<size_t> rows;      // of each step
  std::vector<RequestId> order;  // in which requests ended
  int32_t context = 0;

 private:
  Listener ended(const Sent& sent) {
    Listener listener = sent.heard->listener();
    listener.on_finish = [this, id = sent.id, inner = listener.on_finish](const Finish& finish) {
      order.push_back(id);
      inner(finish);
    };
    return listener;
  }
  RequestId last_id = 0;
};

model::ExecutorLimits large() {
  model::ExecutorLimits limits = kRoomyLimits;
  limits.pages = 1000;
  limits.context_length = 1000;
  return limits;
}

Request endless(TokenId token, size_t prompt, int32_t answer) {
  return {.prompt = std::vector<TokenId>(prompt, token), .max_tokens = answer, .ignore_end = true};
}

TEST_F(SchedulingTest, OfThoseThatWaitTheShortestGoesFirst) {
  start({.max_sequences = 1});
  send(endless(1, 4, 20));
  loop->step();
  send(endless(2, 4, 30));
  send(endless(3, 4, 5));
  send(endless(4, 4, 10));
  run_all();
  EXPECT_THAT(order, ElementsAre(1, 3, 4, 2));
}

TEST_F(SchedulingTest, EqualsAreServedInTheOrderOfArrival) {
  start({.max_sequences = 1});
  for (TokenId i = 1; i <= 4; ++i) send(endless(i, 4, 5));
  run_all();
  EXPECT_THAT(order, ElementsAre(1, 2, 3, 4));
}

TEST_F(SchedulingTest, ALongRequestIsNotStarvedByAStreamOfShortOnes) {
  start({.max_sequences = 1}, large());
  const Sent longer = send(endless(1, 4, 60));
  send(endless(2, 4, 2));
  const Clock::time_point begin = now;
  // One short request after another, so many that there is always one that is shorter and waits.
  while (longer.heard->finishes() == 0) {
    ASSERT_LT(now - begin, std::chrono::minutes(1)) << "the long one is starved";
    if (loop->waiting() < 3) send(endless(3, 4, 2));
    loop->step();
  }
  EXPECT_GT(order.size(), 10u) << "short ones went first";
  // Alone it takes some 670 ms, and is put off by four times as much; then nobody goes before it.
  EXPECT_LE(now - begin, milliseconds(5 * 700 + 100));
}

TEST_F(SchedulingTest, ALongPromptDelaysAShortRequestByOneChunkAtMost) {
  start({.max_step_ms = 50}, large());
  const Sent longer = send(endless(1, 800, 5));
  loop->step();
  loop->step();
  const Sent shorter = send(endless(2, 10, 3));
  EXPECT_EQ(steps_until_end(shorter), 3) << "its prompt is read in the very next step";
  EXPECT_EQ(longer.heard->finishes(), 0);
  run_all();
  EXPECT_EQ(longer.heard->finishes(), 1);
}

TEST_F(SchedulingTest, AStepKeepsToItsTime) {
  start({.max_step_ms = 60}, large());
  const Sent decoding = send(endless(2, 4, 100));
  loop->step();
  rows.clear();
  const Sent reading = send(endless(1, 400, 1));
  steps_until_end(reading);
  EXPECT_THAT(rows, ::testing::Each(Le(50u)));
  EXPECT_EQ(rows[0], 50u) << "10 + 50 ms";
  EXPECT_EQ(decoding.heard->finishes(), 0);
}

TEST_F(SchedulingTest, AloneAPromptIsReadInLargerChunks) {
  start({.max_step_ms = 60}, large());
  send(endless(1, 300, 1));
  run_all();
  EXPECT_THAT(rows, ElementsAre(128, 128, 44)) << "no more than prefill_chunk";
}

TEST_F(SchedulingTest, WhatIsDoneInTheBackgroundTakesNoRowsOfOthers) {
  EngineOptions options{.max_step_ms = 60};
  options.pins.beginnings = {std::vector<TokenId>(60, 7)};
  start(options, large());
  loop->begin();
  loop->step();
  const size_t background = rows[0];
  EXPECT_LE(background, 50u) << "nobody who arrives waits longer than a step's time";
  const Sent sent = send(endless(2, 4, 20));
  rows.clear();
  steps_until_end(sent);
  EXPECT_THAT(rows, ::testing::Each(Le(4u)));
  run_all();
  const Sent next = send({.prompt = std::vector<TokenId>(61, 7), .max_tokens = 1});
  run_all();
  EXPECT_EQ(next.heard->finish().usage.cached_tokens, 60);
}

TEST_F(SchedulingTest, HoweverSlowTheMachineAPromptGoesForward) {
  start({.max_step_ms = 1}, large());
  send(endless(1, 4, 50));
  send(endless(2, 64, 1));
  loop->step();
  EXPECT_EQ(rows[0], 16u);
  run_all();
  EXPECT_EQ(order.size(), 2u);
}

TEST_F(SchedulingTest, ADeadlineThatPassesWhileWaitingEndsTheRequest) {
  start({.max_sequences = 1});
  send(endless(1, 4, 90));
  loop->step();
  Request request = endless(2, 4, 90);
  request.deadline = now + milliseconds(100);
  const Sent late = send(request);
  EXPECT_LE(steps_until_end(late), 12);
  EXPECT_EQ(late.heard->finish().reason, FinishReason::kError);
  EXPECT_EQ(late.heard->finish().error.code, ErrorCode::kDeadline);
  EXPECT_EQ(late.heard->finish().usage.passes, 0);
}

TEST_F(SchedulingTest, ADeadlineThatPassesAfterTheFirstTokenEndsNothing) {
  start();
  Request request = endless(1, 4, 50);
  request.deadline = now + milliseconds(100);
  const Sent sent = send(request);
  run_all();
  EXPECT_EQ(sent.heard->finish().reason, FinishReason::kLength);
}

TEST_F(SchedulingTest, ANewerRequestOfTheSameKeyEndsTheOlderOneAndInheritsItsPrompt) {
  start({.prefill_chunk = 16}, large());
  Request typed{
      .prompt = std::vector<TokenId>(40, 3), .max_tokens = 5, .ignore_end = true, .supersedes = "field"};
  const Sent older = send(typed);
  loop->step();
  loop->step();
  typed.prompt.push_back(4);
  const Sent newer = send(typed);
  loop->step();
  EXPECT_EQ(older.heard->finishes(), 1) << "within one step";
  EXPECT_EQ(older.heard->finish().error.code, ErrorCode::kSuperseded);
  run_all();
  EXPECT_EQ(newer.heard->finish().reason, FinishReason::kLength);
  EXPECT_EQ(newer.heard->finish().usage.cached_tokens, 32) << "what two chunks had computed";
  EXPECT_EQ(newer.heard->tokens(), answer_alone(typed, context).tokens);
}

TEST_F(SchedulingTest, ARequestThatStillWaitsIsSupersededToo) {
  start({.max_sequences = 1});
  send(endless(1, 4, 30));
  loop->step();
  Request typed = endless(2, 4, 5);
  typed.supersedes = "field";
  const Sent first = send(typed);
  const Sent second = send(typed);
  const Sent third = send(typed);
  loop->step();
  EXPECT_EQ(first.heard->finishes(), 1);
  EXPECT_EQ(second.heard->finishes(), 1);
  run_all();
  EXPECT_EQ(third.heard->finish().reason, FinishReason::kLength);
}

TEST_F(SchedulingTest, OtherKeysOtherOwnersAndTheSameBatchAreLeftAlone) {
  start();
  Request request = endless(1, 4, 20);
  request.supersedes = "field";
  request.batch = 7;
  std::vector<Sent> all{send(request), send(request)};  // the same batch
  Request stranger = request;
  stranger.owner = 5;
  stranger.batch = 8;
  all.push_back(send(stranger));
  Request elsewhere = request;
  elsewhere.supersedes = "other field";
  elsewhere.batch = 9;
  all.push_back(send(elsewhere));
  all.push_back(send(endless(2, 4, 20)));
  all.push_back(send(endless(2, 4, 20)));  // without keys
  run_all();
  for (const Sent& sent : all) EXPECT_EQ(sent.heard->finish().reason, FinishReason::kLength) << sent.id;
}

TEST_F(SchedulingTest, WhoWaitsForASharedBeginningHoldsUpNobodyElse) {
  start({.prefill_chunk = 8}, large());
  const Sent first = send(endless(1, 40, 4));
  loop->step();
  const Sent same = send(endless(1, 41, 4));  // better off once the first one's prompt is there
  const Sent other = send(endless(2, 4, 1));
  loop->step();
  EXPECT_EQ(other.heard->finishes(), 1);
  run_all();
  EXPECT_EQ(same.heard->finish().usage.cached_tokens, 40);
  EXPECT_EQ(first.heard->finish().reason, FinishReason::kLength);
}

}  // namespace
}  // namespace riposte::engine
