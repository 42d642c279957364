#include "engine/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "harness.h"

namespace riposte::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class EngineTest : public ::testing::Test {
 protected:
  void start(EngineOptions options = {}, model::ExecutorLimits limits = kRoomyLimits) {
    executor = std::make_unique<testing::FakeExecutor>(limits);
    engine = std::make_unique<Engine>(*executor, std::make_unique<FakeText>(), options);
  }
  // Replaces the engine by one whose steps wait at the gate.
  void start_behind_gate(EngineOptions options = {}, model::ExecutorLimits limits = kRoomyLimits) {
    executor = std::make_unique<testing::FakeExecutor>(limits);
    executor->before_step = [this](const model::StepBatch&) -> Result<void> {
      gate.pass();
      return {};
    };
    engine = std::make_unique<Engine>(*executor, std::make_unique<FakeText>(), options);
  }

  void expect_answer(Heard& heard, const Request& request) {
    const Answer expected = answer_alone(request, executor->limits().context_length);
    const Finish finish = heard.finish();
    EXPECT_EQ(finish.reason, expected.reason) << finish.error.message;
    EXPECT_EQ(heard.tokens(), expected.tokens);
    EXPECT_EQ(heard.text(), expected.text);
    EXPECT_EQ(finish.usage.prompt_tokens, static_cast<int32_t>(request.prompt.size()));
    EXPECT_EQ(finish.usage.output_tokens, static_cast<int32_t>(expected.tokens.size()));
    EXPECT_EQ(heard.finishes(), 1);
  }

  ErrorCode refusal(Request request) {
    const auto heard = std::make_shared<Heard>();
    const auto result = engine->submit(std::move(request), heard->listener());
    EXPECT_FALSE(result);
    EXPECT_EQ(heard->finishes(), 0);
    message = result ? "" : result.error().message;
    return result ? ErrorCode::kInternal : result.error().code;
  }

  Gate gate;
  std::unique_ptr<testing::FakeExecutor> executor;
  std::unique_ptr<Engine> engine;
  std::string message;
};

TEST_F(EngineTest, AnswersGreedilyLikeTheModelAlone) {
  start();
  const Request request{.prompt = prompt_of("hello"), .max_tokens = 30};
  const auto heard = submit(*engine, request);
  expect_answer(*heard, request);
  EXPECT_EQ(heard->finish().usage.passes, heard->finish().usage.output_tokens) << "no end token among them";
}

TEST_F(EngineTest, AnswersSampledRequestsLikeTheModelAlone) {
  start();
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Request request{.prompt = prompt_of("hello"),
                          .max_tokens = 30,
                          .sampling = {.temperature = 0.8f,
                                       .top_k = 10,
                                       .repetition_penalty = 1.1f,
                                       .frequency_penalty = 0.5f,
                                       .seed = seed}};
    expect_answer(*submit(*engine, request), request);
  }
}

TEST_F(EngineTest, StopsAtEndTokensUnlessToldToGoOn) {
  start();
  Request request{.prompt = prompt_of("stop"), .max_tokens = 90};
  for (TokenId i = 1; answer_alone(request, 100).reason != FinishReason::kStop; ++i) request.prompt[0] = i;
  expect_answer(*submit(*engine, request), request);
  request.ignore_end = true;
  const auto heard = submit(*engine, request);
  expect_answer(*heard, request);
  EXPECT_THAT(heard->tokens(), SizeIs(90));
}

TEST_F(EngineTest, EndsWhenTheContextIsFull) {
  model::ExecutorLimits limits = kRoomyLimits;
  limits.context_length = 20;
  start({}, limits);
  const Request request{.prompt = prompt_of("thequickbrownfox"), .max_tokens = 1000, .ignore_end = true};
  const auto heard = submit(*engine, request);
  expect_answer(*heard, request);
  EXPECT_EQ(heard->finish().reason, FinishReason::kLength);
  EXPECT_THAT(heard->tokens(), SizeIs(5)) << "the last token needs no position";

  const Request full{.prompt = std::vector<TokenId>(20, 7), .ignore_end = true};
  EXPECT_EQ(submit(*engine, full)->finish().usage.output_tokens, 1);
}

TEST_F(EngineTest, EndsWhenTheMemoryIsFull) {
  model::ExecutorLimits limits = kRoomyLimits;
  limits.pages = 3;
  start({}, limits);
  const auto heard = submit(*engine, {.prompt = prompt_of("hello"), .max_tokens = 1000, .ignore_end = true});
  EXPECT_EQ(heard->finish().reason, FinishReason::kLength);
  EXPECT_THAT(heard->tokens(), SizeIs(8));
  EXPECT_EQ(refusal({.prompt = std::vector<TokenId>(13, 1)}), ErrorCode::kTooLarge);
}

TEST_F(EngineTest, ComputesAndKeepsThePromptOfARequestWithoutAnswer) {
  start({.prefill_chunk = 5});
  const auto heard = submit(*engine, {.prompt = prompt_of("instruction"), .max_tokens = 0});
  EXPECT_EQ(heard->finish().reason, FinishReason::kLength);
  EXPECT_THAT(heard->tokens(), SizeIs(0));
  EXPECT_EQ(executor->computed_rows, 11);
  const Request request{.prompt = prompt_of("instructionxyz"), .max_tokens = 4};
  const auto next = submit(*engine, request);
  expect_answer(*next, request);
  EXPECT_EQ(next->finish().usage.cached_tokens, 11);
}

TEST_F(EngineTest, ComputesASharedInstructionOnce) {
  start();
  const Request first{.prompt = prompt_of("rewritethisonesentence"), .max_tokens = 3};
  expect_answer(*submit(*engine, first), first);
  const int64_t rows = executor->computed_rows;
  const Request second{.prompt = prompt_of("rewritethisotherphrase"), .max_tokens = 1};
  const auto heard = submit(*engine, second);
  expect_answer(*heard, second);
  EXPECT_EQ(heard->finish().usage.cached_tokens, 12)
      << "two pages and four tokens of the third: rewritethiso";
  EXPECT_EQ(executor->computed_rows - rows, 22 - 12);
}

TEST_F(EngineTest, ComputesASharedInstructionOnceThoughRequestsArriveTogether) {
  start_behind_gate();
  const Request before{.prompt = prompt_of("z"), .max_tokens = 2};
  const auto blocker = submit(*engine, before);
  gate.wait_for_somebody();
  std::vector<std::pair<Request, std::shared_ptr<Heard>>> together;
  for (const char* text : {"rewritethisonesentence", "rewritethisotherphrase", "rewritethisthing"}) {
    Request request{.prompt = prompt_of(text), .max_tokens = 5};
    auto heard = submit(*engine, request);
    together.emplace_back(std::move(request), std::move(heard));
  }
  gate.open();
  expect_answer(*blocker, before);
  for (auto& [request, heard] : together) expect_answer(*heard, request);
  EXPECT_EQ(together[2].second->finish().usage.cached_tokens, 0) << "the shortest goes first";
  EXPECT_GE(together[0].second->finish().usage.cached_tokens, 8);
  EXPECT_GE(together[1].second->finish().usage.cached_tokens, 8);
}

TEST_F(EngineTest, ALongPromptIsComputedInChunksBesideOthers) {
  start_behind_gate({.prefill_chunk = 6});
  const Request shorter{.prompt = prompt_of("ab"), .max_tokens = 40, .ignore_end = true};
  const Request longer{.prompt = std::vector<TokenId>(50, 3), .max_tokens = 5};
  const auto first = submit(*engine, shorter);
  const auto second = submit(*engine, longer);
  gate.open();
  expect_answer(*first, shorter);
  expect_answer(*second, longer);
  EXPECT_LE(executor->steps, 40 + 9) << "steps are shared: one after the other they would be 40 and 13";
  EXPECT_GE(second->finish().usage.passes, 9);
}

TEST_F(EngineTest, PromptsTogetherGetNoMoreRowsOfAStepThanAChunk) {
  executor = std::make_unique<testing::FakeExecutor>(kRoomyLimits);
  size_t most_rows = 0;
  executor->before_step = [&](const model::StepBatch& batch) -> Result<void> {
    if (executor->steps == 1) gate.pass();  // until both prompts wait
    most_rows = std::max(most_rows, batch.tokens.size());
    return {};
  };
  engine =
      std::make_unique<Engine>(*executor, std::make_unique<FakeText>(), EngineOptions{.prefill_chunk = 6});
  const auto first = submit(*engine, {.prompt = {9}, .max_tokens = 1});
  gate.wait_for_somebody();
  const auto second = submit(*engine, {.prompt = std::vector<TokenId>(8, 3), .max_tokens = 0});
  const auto third = submit(*engine, {.prompt = std::vector<TokenId>(20, 4), .max_tokens = 0});
  gate.open();
  for (const auto& heard : {first, second, third}) EXPECT_NE(heard->finish().reason, FinishReason::kError);
  EXPECT_EQ(most_rows, 6u);
  EXPECT_EQ(executor->steps, 1 + 5) << "28 prompt tokens, six in a step";
}

TEST_F(EngineTest, StopStringsAcrossTokensAreCutAway) {
  start();
  for (TokenId start_token = 1; start_token < 30; ++start_token) {
    Request request{.prompt = {start_token, 5}, .max_tokens = 40, .ignore_end = true};
    const std::string whole = answer_alone(request, 100).text;
    size_t begin = whole.size() / 2;
    while ((static_cast<unsigned char>(whole[begin]) & 0xC0) == 0x80) --begin;
    request.stop = {"qqqqqq", whole.substr(begin, 4)};
    const auto heard = submit(*engine, request);
    expect_answer(*heard, request);
    EXPECT_EQ(heard->finish().reason, FinishReason::kStop);
  }
}

TEST_F(EngineTest, CancellationEndsARequestWithinAStep) {
  start_behind_gate();
  RequestId id = 0;
  const auto heard = submit(*engine, {.prompt = prompt_of("abc"), .max_tokens = 90, .ignore_end = true}, &id);
  RequestId waiting_id = 0;
  gate.wait_for_somebody();
  const auto waiting = submit(*engine, {.prompt = prompt_of("xyz"), .max_tokens = 90}, &waiting_id);
  engine->cancel(id);
  engine->cancel(waiting_id);
  engine->cancel(12345);
  gate.open();
  EXPECT_EQ(heard->finish().reason, FinishReason::kCancelled);
  EXPECT_EQ(heard->finish().usage.passes, 1);
  EXPECT_EQ(waiting->finish().reason, FinishReason::kCancelled);
  EXPECT_EQ(waiting->finish().usage.passes, 0);
  EXPECT_EQ(executor->steps, 1);
}

TEST_F(EngineTest, AListenerMayCancelAndSubmit) {
  start();
  auto next = std::make_shared<Heard>();
  auto heard = std::make_shared<Heard>();
  Listener listener = heard->listener();
  std::atomic<RequestId> id = 0;
  Gate known;
  listener.on_text = [&](std::string_view, std::span<const TokenId>) {
    known.pass();
    engine->cancel(id);
  };
  listener.on_finish = [&, inner = listener.on_finish](const Finish& finish) {
    EXPECT_TRUE(engine->submit({.prompt = prompt_of("next"), .max_tokens = 2}, next->listener()));
    inner(finish);
  };
  id = *engine->submit({.prompt = prompt_of("abc"), .max_tokens = 90, .ignore_end = true}, listener);
  known.open();
  EXPECT_EQ(heard->finish().reason, FinishReason::kCancelled);
  EXPECT_NE(next->finish().reason, FinishReason::kCancelled);
}

TEST_F(EngineTest, AnExceptionOfAListenerHurtsNobody) {
  start();
  Listener rude{
      .on_text = [](std::string_view, std::span<const TokenId>) { throw std::runtime_error("rude"); },
      .on_finish = [](const Finish&) { throw 42; }};
  EXPECT_TRUE(engine->submit({.prompt = prompt_of("rude"), .max_tokens = 5}, rude));
  EXPECT_TRUE(engine->submit({.prompt = prompt_of("silent"), .max_tokens = 5}, Listener{}));
  const Request request{.prompt = prompt_of("polite"), .max_tokens = 20};
  expect_answer(*submit(*engine, request), request);
}

TEST_F(EngineTest, AFailingStepEndsItsRequestsAndNoOthers) {
  executor = std::make_unique<testing::FakeExecutor>(kRoomyLimits);
  executor->before_step = [](const model::StepBatch& batch) -> Result<void> {
    if (batch.tokens[0] == 26) return fail(ErrorCode::kInternal, "the machine is on fire");
    if (batch.tokens[0] == 25) throw std::runtime_error("smoke");
    return {};
  };
  engine = std::make_unique<Engine>(*executor, std::make_unique<FakeText>());
  const Finish failed = submit(*engine, {.prompt = {26, 26, 26, 26, 26}})->finish();
  EXPECT_EQ(failed.reason, FinishReason::kError);
  EXPECT_EQ(failed.error.message, "the machine is on fire");
  const Finish thrown = submit(*engine, {.prompt = {25, 26, 26, 26, 26}})->finish();
  EXPECT_EQ(thrown.reason, FinishReason::kError);
  EXPECT_THAT(thrown.error.message, HasSubstr("smoke"));
  const Request request{.prompt = prompt_of("good"), .max_tokens = 1};
  expect_answer(*submit(*engine, request), request);
}

TEST_F(EngineTest, ShutdownTellsEveryListener) {
  start_behind_gate({.max_sequences = 2});
  std::vector<std::shared_ptr<Heard>> all;
  for (TokenId i = 1; i < 6; ++i) {
    all.push_back(submit(*engine, {.prompt = {i, i}, .max_tokens = 90, .ignore_end = true}));
  }
  gate.wait_for_somebody();
  std::thread opener([this, stopping = engine.get()] {
    while (true) {  // until the engine says that it is stopping
      auto result = stopping->submit({.prompt = prompt_of("late")}, Listener{});
      if (!result && result.error().code == ErrorCode::kCancelled) break;
      std::this_thread::yield();
    }
    gate.open();
  });
  engine.reset();
  opener.join();
  for (const auto& heard : all) {
    EXPECT_EQ(heard->finishes(), 1);
    EXPECT_EQ(heard->finish().reason, FinishReason::kCancelled);
  }
}

TEST_F(EngineTest, AFullQueueIsBusyAndOpensAgain) {
  start_behind_gate({.max_queued = 3, .max_sequences = 1});
  std::vector<std::shared_ptr<Heard>> all;
  all.push_back(submit(*engine, {.prompt = prompt_of("a"), .max_tokens = 3}));
  gate.wait_for_somebody();
  // The running one may count as queued until the thread looks again.
  while (true) {
    auto heard = std::make_shared<Heard>();
    const auto result = engine->submit({.prompt = prompt_of("b"), .max_tokens = 3}, heard->listener());
    if (!result) {
      EXPECT_EQ(result.error().code, ErrorCode::kBusy);
      break;
    }
    all.push_back(std::move(heard));
    ASSERT_LE(all.size(), 4u);
  }
  EXPECT_GE(all.size(), 3u);
  gate.open();
  for (const auto& heard : all) EXPECT_NE(heard->finish().reason, FinishReason::kError);
  const Request request{.prompt = prompt_of("later"), .max_tokens = 3};
  expect_answer(*submit(*engine, request), request);
}

TEST_F(EngineTest, ARefusalForAFullQueueSaysWhenToComeBack) {
  start_behind_gate({.max_queued = 1, .max_sequences = 1});
  const auto running = submit(*engine, {.prompt = prompt_of("a"), .max_tokens = 3});
  gate.wait_for_somebody();
  std::vector<std::shared_ptr<Heard>> accepted;
  Result<RequestId> result = 0;
  while (result) {
    accepted.push_back(std::make_shared<Heard>());
    result = engine->submit({.prompt = prompt_of("b"), .max_tokens = 3}, accepted.back()->listener());
    ASSERT_LE(accepted.size(), 3u);
  }
  EXPECT_GE(result.error().retry_after_ms, 50);
  EXPECT_THAT(result.error().message, HasSubstr("try again in"));
  gate.open();
  EXPECT_NE(running->finish().reason, FinishReason::kError);
}

TEST_F(EngineTest, ADeadlineThatCannotBeMetIsRefusedAtOnce) {
  start({.step_cost = {100, 101}});
  Request request{.prompt = prompt_of("hello"), .max_tokens = 30, .ignore_end = true};
  request.deadline = Clock::now() + std::chrono::milliseconds(1000);
  EXPECT_EQ(refusal(request), ErrorCode::kDeadline) << "thirty tokens of 100 ms";
  EXPECT_THAT(message, HasSubstr("cannot be met"));
  EXPECT_EQ(executor->steps, 0);
  request.deadline = Clock::now() + std::chrono::hours(1);
  expect_answer(*submit(*engine, request), request);
}

TEST_F(EngineTest, WhatIsSupersededWithoutANewRequestEndsToo) {
  start_behind_gate({.max_sequences = 1});
  Request request{.prompt = prompt_of("abc"), .max_tokens = 90, .ignore_end = true, .supersedes = "key"};
  const auto running = submit(*engine, request);
  gate.wait_for_somebody();
  request.supersedes = "another key";
  const auto waiting = submit(*engine, request);
  engine->supersede(0, "key", 0);
  engine->supersede(0, "another key", 0);
  gate.open();
  EXPECT_EQ(running->finish().error.code, ErrorCode::kSuperseded);
  EXPECT_EQ(waiting->finish().error.code, ErrorCode::kSuperseded);
  EXPECT_EQ(executor->steps, 1);
}

TEST_F(EngineTest, RefusesAbsurdRequestsByName) {
  start();
  EXPECT_EQ(refusal({.prompt = {}}), ErrorCode::kInvalidArgument);
  EXPECT_THAT(message, HasSubstr("prompt"));
  EXPECT_EQ(refusal({.prompt = {1, kVocabulary}}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(message, "prompt: token 40 at index 1 is outside the vocabulary of 40 tokens");
  EXPECT_EQ(refusal({.prompt = {1}, .source = {-1}}), ErrorCode::kInvalidArgument);
  EXPECT_THAT(message, HasSubstr("source"));
  EXPECT_EQ(refusal({.prompt = {1}, .max_tokens = -1}), ErrorCode::kInvalidArgument);
  EXPECT_THAT(message, HasSubstr("max_tokens"));
  EXPECT_EQ(refusal({.prompt = {1}, .stop = {""}}), ErrorCode::kInvalidArgument);
  EXPECT_THAT(message, HasSubstr("stop"));
  EXPECT_EQ(refusal({.prompt = {1}, .stop = {"\x80"}}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal({.prompt = {1}, .stop = {std::string(513, 'a')}}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal({.prompt = {1}, .stop = std::vector<std::string>(17, "a")}), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refusal({.prompt = {1}, .sampling = {.top_p = 2}}), ErrorCode::kInvalidArgument);
  EXPECT_THAT(message, HasSubstr("top_p"));
  EXPECT_EQ(refusal({.prompt = std::vector<TokenId>(101, 1)}), ErrorCode::kTooLarge);
  EXPECT_EQ(message, "the prompt has 101 tokens, but the context holds 100; shorten the text");
}

TEST_F(EngineTest, TellsHowLongEachPartTook) {
  start();
  const Finish finish =
      submit(*engine, {.prompt = prompt_of("time"), .max_tokens = 20, .ignore_end = true})->finish();
  EXPECT_GT(finish.timings.queue.count(), 0);
  EXPECT_GT(finish.timings.prefill.count(), 0);
  EXPECT_GT(finish.timings.decode.count(), 0);
}

TEST_F(EngineTest, SurvivesHugeLengths) {
  start({.max_queued = 5, .max_sequences = 1 << 30, .prefill_chunk = 1 << 30});
  const Request request{.prompt = prompt_of("long"), .max_tokens = 2147483647};
  expect_answer(*submit(*engine, request), request);
}

}  // namespace
}  // namespace riposte::engine
