// The hidden states of a prompt as one vector: the same whatever is computed beside it, cached, or cut into steps.

#include <gtest/gtest.h>

#include "engine/harness.h"

namespace riposte::engine {
namespace {

constexpr int32_t kHidden = 6;

model::ExecutorLimits with_hidden_states(int32_t max_rows = 32) {
  model::ExecutorLimits limits = kRoomyLimits;
  limits.hidden = kHidden;
  limits.max_rows = max_rows;
  return limits;
}

std::vector<float> hidden_state(std::span<const TokenId> tokens) {
  std::vector<float> hidden(kHidden);
  testing::fake_logits(tokens, hidden);
  return hidden;
}

std::vector<float> mean_of(const std::vector<TokenId>& prompt) {
  std::vector<double> sum(kHidden);
  for (size_t length = 1; length <= prompt.size(); ++length) {
    const auto hidden = hidden_state(std::span(prompt).first(length));
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += static_cast<double>(hidden[i]);
  }
  std::vector<float> mean;
  for (const double value : sum) mean.push_back(static_cast<float>(value / static_cast<double>(prompt.size())));
  return mean;
}

Request embedding_of(std::string_view letters, Pooling pooling) {
  return {.prompt = prompt_of(letters), .max_tokens = 0, .pooling = pooling};
}

TEST(Embedding, TheMeanIsThatOfAllTokensInStepsOfAnySize) {
  for (const int32_t chunk : {1, 2, 5, 128}) {
    testing::FakeExecutor executor(with_hidden_states());
    Engine engine(executor, std::make_unique<FakeText>(), {.prefill_chunk = chunk});
    const Finish finish = submit(engine, embedding_of("thequickbrownfox", Pooling::kMean))->finish();
    EXPECT_EQ(finish.embedding, mean_of(prompt_of("thequickbrownfox"))) << chunk;
    EXPECT_EQ(finish.reason, FinishReason::kLength);
    EXPECT_EQ(finish.usage.prompt_tokens, 16);
    EXPECT_EQ(finish.usage.output_tokens, 0);
  }
}

TEST(Embedding, TheLastTokenSpeaksForAllBeforeIt) {
  testing::FakeExecutor executor(with_hidden_states());
  Engine engine(executor, std::make_unique<FakeText>());
  const Finish finish = submit(engine, embedding_of("thequickbrownfox", Pooling::kLast))->finish();
  EXPECT_EQ(finish.embedding, hidden_state(prompt_of("thequickbrownfox")));
}

TEST(Embedding, WhatIsCachedChangesNothing) {
  testing::FakeExecutor executor(with_hidden_states());
  Engine engine(executor, std::make_unique<FakeText>());
  submit(engine, {.prompt = prompt_of("thequickbrownfox"), .max_tokens = 0})->finish();
  for (const char* text : {"thequickbrownfox", "thequickbrowndog", "thequick", "thequickbrownfoxes"}) {
    const Finish mean = submit(engine, embedding_of(text, Pooling::kMean))->finish();
    EXPECT_EQ(mean.embedding, mean_of(prompt_of(text)));
    EXPECT_EQ(mean.usage.cached_tokens, 0) << "a mean needs every token's hidden state";
    const Finish last = submit(engine, embedding_of(text, Pooling::kLast))->finish();
    EXPECT_EQ(last.embedding, hidden_state(prompt_of(text)));
    EXPECT_GE(last.usage.cached_tokens, 7) << "a last token needs what is before it only";
  }
}

TEST(Embedding, ManyAtOnceBesideAnswersAreWhatTheyAreAlone) {
  testing::FakeExecutor executor(with_hidden_states(9));
  Engine engine(executor, std::make_unique<FakeText>(), {.max_sequences = 6});
  const std::vector<std::string> texts = {"a", "bb", "thequickbrownfox", "thequickbrownfox", "jumps", "overthelazydog"};
  std::vector<std::shared_ptr<Heard>> means, lasts, answers;
  for (const std::string& text : texts) {
    means.push_back(submit(engine, embedding_of(text, Pooling::kMean)));
    answers.push_back(submit(engine, {.prompt = prompt_of(text), .max_tokens = 12}));
    lasts.push_back(submit(engine, embedding_of(text, Pooling::kLast)));
  }
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(means[i]->finish().embedding, mean_of(prompt_of(texts[i])));
    EXPECT_EQ(lasts[i]->finish().embedding, hidden_state(prompt_of(texts[i])));
    const Finish answer = answers[i]->finish();
    EXPECT_TRUE(answer.embedding.empty());
    EXPECT_EQ(answers[i]->tokens(),
              answer_alone({.prompt = prompt_of(texts[i]), .max_tokens = 12}, kRoomyLimits.context_length).tokens);
  }
}

TEST(Embedding, AnAnswerBesideItAndAnExecutorWithoutHiddenStatesAreRefused) {
  testing::FakeExecutor executor(with_hidden_states());
  Engine engine(executor, std::make_unique<FakeText>());
  Request request = embedding_of("abc", Pooling::kMean);
  request.max_tokens = 1;
  EXPECT_EQ(engine.submit(request, {}).error().code, ErrorCode::kInvalidArgument);
  testing::FakeExecutor blind(kRoomyLimits);
  Engine other(blind, std::make_unique<FakeText>());
  EXPECT_EQ(other.submit(embedding_of("abc", Pooling::kMean), {}).error().code, ErrorCode::kUnsupported);
}

TEST(Embedding, ACancelledOneHasNoVector) {
  testing::FakeExecutor executor(with_hidden_states());
  Gate gate;
  executor.before_step = [&gate](const model::StepBatch&) -> Result<void> {
    gate.pass();
    return {};
  };
  Engine engine(executor, std::make_unique<FakeText>(), {.prefill_chunk = 2});
  RequestId id = 0;
  const auto heard = submit(engine, embedding_of("thequickbrownfox", Pooling::kMean), &id);
  gate.wait_for_somebody();
  engine.cancel(id);
  gate.open();
  const Finish finish = heard->finish();
  EXPECT_EQ(finish.reason, FinishReason::kCancelled);
  EXPECT_TRUE(finish.embedding.empty());
}

}  // namespace
}  // namespace riposte::engine
