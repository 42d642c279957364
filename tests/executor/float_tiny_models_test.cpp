// The float executor against an independent forward pass in float64 (tests/reference/forward_pass.py), on
// tiny models of every architecture, and against itself: what a row answers must not depend on what is
// computed beside it.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>

#include "executor/executors.h"
#include "executor/float_cases.h"

namespace riposte::executor {
namespace {

const std::filesystem::path kModels = RIPOSTE_SOURCE_DIR "/tests/executor/models";

class FloatTinyModels : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto model = model::Model::open(path(".gguf"));
    ASSERT_TRUE(model) << model.error().message;
    auto executor = make_float_executor(*model, team_);
    ASSERT_TRUE(executor) << executor.error().message;
    executor_ = std::move(*executor);
  }

  static std::filesystem::path path(const std::string& ending) { return kModels / (GetParam() + ending); }

  std::vector<TokenId> random_tokens(size_t count) {
    std::uniform_int_distribution<TokenId> any(0, executor_->limits().vocabulary - 1);
    std::vector<TokenId> tokens(count);
    for (TokenId& token : tokens) token = any(random_);
    return tokens;
  }

  std::mt19937 random_{7};
  hardware::ThreadTeam team_{2};
  std::unique_ptr<model::Executor> executor_;
};

TEST_P(FloatTinyModels, LogitsAndLikelihoodsAreThoseOfTheIndependentForwardPass) {
  for (const ForwardCase& expected : read_forward_cases(path(".forward.jsonl"))) {
    SCOPED_TRACE(fmt::format("{} tokens", expected.ids.size()));
    const Difference difference = compare(*executor_, expected, 64);
    EXPECT_LT(difference.top_logit, 2e-5);
    EXPECT_LT(difference.logsumexp, 1e-5);
    EXPECT_LT(difference.nll, 1e-5);
  }
}

TEST_P(FloatTinyModels, GreedyDecodingGivesTheTokensOfTheIndependentForwardPass) {
  for (const GreedyCase& expected : read_greedy_cases(path(".greedy.jsonl"))) {
    Sequence sequence(*executor_);
    std::vector<TokenId> found = {sequence.argmax(expected.prompt, 64)};
    while (found.size() < expected.continuation.size()) found.push_back(sequence.argmax({found.back()}, 64));
    EXPECT_EQ(found, expected.continuation);
  }
}

TEST_P(FloatTinyModels, ARowHasTheSameBitsAloneAndInAStepOfAnySize) {
  const std::vector<TokenId> tokens = random_tokens(61);
  const auto alone = Sequence(*executor_).logits(tokens, 1);
  for (const size_t chunk : {2, 7, 8, 9, 16, 61}) {
    EXPECT_EQ(Sequence(*executor_).logits(tokens, chunk), alone) << chunk << " rows a step";
  }
}

TEST_P(FloatTinyModels, ARowHasTheSameBitsWithAnyNumberOfThreads) {
  const std::vector<TokenId> tokens = random_tokens(20);
  const auto two_threads = Sequence(*executor_).logits(tokens, 16);
  hardware::ThreadTeam single(1);
  const auto model = model::Model::open(path(".gguf"));
  ASSERT_TRUE(model) << model.error().message;
  const auto other = make_float_executor(*model, single);
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(Sequence(**other).logits(tokens, 16), two_threads);
}

TEST_P(FloatTinyModels, ARowHasTheSameBitsBesideRowsOfOtherSequences) {
  const std::vector<TokenId> first = random_tokens(19);
  const std::vector<TokenId> second = random_tokens(19);
  const auto first_alone = Sequence(*executor_).logits(first, 1);
  const auto second_alone = Sequence(*executor_, 10).logits(second, 1);

  // Both at once, row by row in turn, in pages that are neither in order nor next to each other.
  const std::vector<model::PageId> first_pages = {31, 4};
  const std::vector<model::PageId> second_pages = {3, 200};
  const std::vector<std::span<const model::PageId>> tables = {first_pages, second_pages};
  std::vector<TokenId> tokens;
  std::vector<int32_t> positions, sequences;
  for (int32_t position = 0; position < 19; ++position) {
    tokens.insert(tokens.end(),
                  {first[static_cast<size_t>(position)], second[static_cast<size_t>(position)]});
    positions.insert(positions.end(), {position, position});
    sequences.insert(sequences.end(), {0, 1});
  }
  const std::vector<model::RowOutput> outputs(tokens.size(), model::RowOutput::kLogits);
  const auto result = executor_->step({tokens, positions, sequences, outputs, tables});
  ASSERT_TRUE(result) << result.error().message;
  for (size_t row = 0; row < tokens.size(); ++row) {
    const std::vector<float>& expected = (row % 2 == 0 ? first_alone : second_alone)[row / 2];
    EXPECT_TRUE(std::ranges::equal(result->logits[row], expected)) << "row " << row;
  }
}

TEST_P(FloatTinyModels, ACopiedPageContinuesAsTheOriginalDoes) {
  const std::vector<TokenId> tokens = random_tokens(24);
  const auto expected = Sequence(*executor_).logits(tokens, 24);

  // The first 20 tokens lie in pages 0 and 1; the copy shares page 0 and has its own copy of the 4 slots of
  // page 1.
  executor_->copy_page(1, 9, 4);
  const std::vector<model::PageId> pages = {0, 9};
  const std::vector<std::span<const model::PageId>> tables = {pages};
  const std::vector<int32_t> positions = {20, 21, 22, 23};
  const std::vector<int32_t> sequences(4, 0);
  const std::vector<model::RowOutput> outputs(4, model::RowOutput::kLogits);
  const auto result = executor_->step({std::span(tokens).subspan(20), positions, sequences, outputs, tables});
  ASSERT_TRUE(result) << result.error().message;
  for (size_t row = 0; row < 4; ++row) {
    EXPECT_TRUE(std::ranges::equal(result->logits[row], expected[20 + row])) << "row " << row;
  }
}

TEST_P(FloatTinyModels, AStepAnswersExactlyTheRowsThatAsk) {
  const std::vector<TokenId> tokens = random_tokens(3);
  const auto logits = Sequence(*executor_).logits(tokens, 3);
  const std::vector<model::PageId> pages = {0};
  const std::vector<std::span<const model::PageId>> tables = {pages};
  const std::vector<int32_t> positions = {0, 1, 2};
  const std::vector<int32_t> sequences(3, 0);
  const std::vector<model::RowOutput> outputs = {model::RowOutput::kArgmax, model::RowOutput::kNone,
                                                 model::RowOutput::kLogits};
  const auto result = executor_->step({tokens, positions, sequences, outputs, tables});
  ASSERT_TRUE(result) << result.error().message;
  const auto winner = std::max_element(logits[0].begin(), logits[0].end()) - logits[0].begin();
  EXPECT_EQ(result->argmax[0], winner);
  EXPECT_TRUE(result->logits[0].empty());
  EXPECT_EQ(result->argmax[1], kNoToken);
  EXPECT_TRUE(result->logits[1].empty());
  EXPECT_EQ(result->argmax[2], kNoToken);
  EXPECT_TRUE(std::ranges::equal(result->logits[2], logits[2]));
}

TEST_P(FloatTinyModels, ARefusedStepWritesNothing) {
  const std::vector<TokenId> tokens = random_tokens(18);
  const auto expected = Sequence(*executor_).logits(tokens, 18);

  // The second row is wrong, so the first must not overwrite position 0.
  const std::vector<TokenId> bad = {5, -1};
  const std::vector<model::PageId> pages = {0, 1};
  const std::vector<std::span<const model::PageId>> tables = {pages};
  const std::vector<int32_t> first_positions = {0, 1};
  const std::vector<int32_t> sequences(2, 0);
  const std::vector<model::RowOutput> outputs(2, model::RowOutput::kLogits);
  const auto refused = executor_->step({bad, first_positions, sequences, outputs, tables});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);

  const std::vector<int32_t> last_position = {17};
  const auto result = executor_->step({std::span(tokens).subspan(17), last_position,
                                       std::span(sequences).first(1), std::span(outputs).first(1), tables});
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(std::ranges::equal(result->logits[0], expected[17]));
}

INSTANTIATE_TEST_SUITE_P(Architectures, FloatTinyModels, testing::Values("llama", "qwen2", "qwen3", "gemma3"),
                         [](const testing::TestParamInfo<const char*>& instance) { return instance.param; });

TEST(FloatExecutor, ImpossibleOptionsAreRefused) {
  const auto model = model::Model::open(kModels / "llama.gguf");
  ASSERT_TRUE(model) << model.error().message;
  hardware::ThreadTeam team(1);
  for (int32_t ExecutorOptions::*option :
       {&ExecutorOptions::kv_tokens, &ExecutorOptions::max_rows, &ExecutorOptions::max_logit_rows}) {
    ExecutorOptions options;
    options.*option = 0;
    const auto executor = make_float_executor(*model, team, options);
    ASSERT_FALSE(executor);
    EXPECT_EQ(executor.error().code, ErrorCode::kInvalidArgument);
  }
}

TEST(FloatExecutor, ATokenOfKvMemoryIsRoundedUpToAPage) {
  const auto model = model::Model::open(kModels / "llama.gguf");
  ASSERT_TRUE(model) << model.error().message;
  hardware::ThreadTeam team(1);
  ExecutorOptions options;
  options.kv_tokens = 33;
  const auto executor = make_float_executor(*model, team, options);
  ASSERT_TRUE(executor) << executor.error().message;
  EXPECT_EQ((*executor)->limits().page_size, 16);
  EXPECT_EQ((*executor)->limits().pages, 3);
}

}  // namespace
}  // namespace riposte::executor
