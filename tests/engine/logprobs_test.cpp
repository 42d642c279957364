// Log-probabilities beside the tokens of an answer.
#include <gtest/gtest.h>

#include <future>

#include "engine/engine.h"
#include "harness.h"

namespace riposte::engine {
namespace {

struct Told {
  std::vector<TokenId> tokens;
  std::vector<sampling::Logprobs> logprobs;
};

Told ask(Engine& engine, Request request) {
  Told told;
  std::promise<void> end;
  const auto id = engine.submit(
      std::move(request), {.on_logprobs =
                               [&](std::span<const sampling::Logprobs> new_ones) {
                                 EXPECT_EQ(told.logprobs.size(), told.tokens.size())
                                     << "they come before their tokens";
                                 told.logprobs.insert(told.logprobs.end(), new_ones.begin(), new_ones.end());
                               },
                           .on_text =
                               [&](std::string_view, std::span<const TokenId> new_ones) {
                                 told.tokens.insert(told.tokens.end(), new_ones.begin(), new_ones.end());
                               },
                           .on_finish = [&](const Finish&) { end.set_value(); }});
  EXPECT_TRUE(id) << id.error().message;
  if (id) end.get_future().wait();
  return told;
}

TEST(EngineLogprobs, EachTokenOfAnAnswerHasThemAndTheAnswerStaysTheSame) {
  testing::FakeExecutor executor(kRoomyLimits);
  Engine engine(executor, std::make_unique<FakeText>());
  const Request plain{.prompt = prompt_of("hello"), .max_tokens = 20};
  Request wanted = plain;
  wanted.sampling.top_logprobs = 3;
  const Told told = ask(engine, wanted);
  EXPECT_EQ(told.tokens, answer_alone(plain, executor.limits().context_length).tokens);
  ASSERT_EQ(told.logprobs.size(), told.tokens.size());

  std::vector<TokenId> seen = plain.prompt;
  std::vector<float> logits(kVocabulary);
  for (size_t i = 0; i < told.tokens.size(); ++i) {
    testing::fake_logits(seen, logits);
    const auto expected = sampling::log_probabilities(logits, told.tokens[i], 3);
    EXPECT_EQ(told.logprobs[i].chosen.token, told.tokens[i]);
    EXPECT_EQ(told.logprobs[i].chosen.logprob, expected.chosen.logprob);
    ASSERT_EQ(told.logprobs[i].top.size(), 3u);
    EXPECT_EQ(told.logprobs[i].top[0].token, told.tokens[i]) << "greedy: the likeliest is the chosen one";
    seen.push_back(told.tokens[i]);
  }
}

TEST(EngineLogprobs, WhoDoesNotAskIsNotTold) {
  testing::FakeExecutor executor(kRoomyLimits);
  Engine engine(executor, std::make_unique<FakeText>());
  EXPECT_TRUE(ask(engine, {.prompt = prompt_of("hello"), .max_tokens = 5}).logprobs.empty());
}

}  // namespace
}  // namespace riposte::engine
