// The float executor against an independent forward pass in float64 (tests/reference/forward_pass.py), on
// tiny models of every architecture. What it owes its callers beside the right values is in step_contract_test.cpp.

#include <gtest/gtest.h>

#include <filesystem>

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

TEST_P(FloatTinyModels, LogitsWithAnAdapterAreThoseOfTheIndependentForwardPassWithItsWeightsMerged) {
  const auto model = model::Model::open(path(".gguf"));
  ASSERT_TRUE(model) << model.error().message;
  const auto adapter = model::Adapter::open(path(".adapter.gguf"), **model);
  ASSERT_TRUE(adapter) << adapter.error().message;
  ExecutorOptions options;
  options.adapters = {*adapter};
  const auto executor = make_float_executor(*model, team_, options);
  ASSERT_TRUE(executor) << executor.error().message;
  for (const ForwardCase& expected : read_forward_cases(path(".adapter.forward.jsonl"))) {
    SCOPED_TRACE(fmt::format("{} tokens", expected.ids.size()));
    const Difference difference = compare(**executor, expected, 64, 1);
    EXPECT_LT(difference.top_logit, 5e-5);
    EXPECT_LT(difference.logsumexp, 2e-5);
    EXPECT_LT(difference.nll, 2e-5);
    EXPECT_GT(compare(**executor, expected, 64).top_logit, 0.01) << "the adapter changes nothing";
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

TEST_P(FloatTinyModels, HiddenStatesAreThoseOfTheIndependentForwardPass) {
  for (const HiddenCase& expected : read_hidden_cases(path(".hidden.jsonl"))) {
    SCOPED_TRACE(fmt::format("{} tokens", expected.ids.size()));
    const auto found = Sequence(*executor_).hidden(expected.ids, 64);
    ASSERT_EQ(found.size(), expected.ids.size());
    ASSERT_EQ(found.back().size(), expected.last.size());
    for (size_t i = 0; i < expected.last.size(); ++i) {
      EXPECT_NEAR(found.back()[i], expected.last[i], 1e-4);
      double sum = 0;
      for (const auto& row : found) sum += row[i];
      EXPECT_NEAR(sum / static_cast<double>(found.size()), expected.mean[i], 1e-4);
    }
  }
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
