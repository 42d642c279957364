// How far the cpu executor's answers are from the float executor's on real models: the mean Kullback-Leibler
// divergence over the reference inputs stays at or below what llama.cpp's 8-bit activations reach in the
// median, one-token inputs included.
//
// By default SmolLM2 and Gemma, without an adapter with inputs of up to 65 tokens; all inputs, Qwen too, and
// its greedy answers, with the environment variable RIPOSTE_FULL=1.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "executor/executors.h"
#include "executor/float_cases.h"
#include "model/merge.h"
#include "support/tiny_adapter.h"

namespace riposte::executor {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestByDefault = 65;  // tokens: the plain float executor takes minutes for the others

struct RealModel {
  const char* name;  // of the file, and of its folder of reference values
  double most_divergence;
  double largest_margin;  // of the truth, where a greedy answer may first differ
  int identical_answers;  // of 8, at least
  bool by_default;
};

std::string from_environment(const char* variable, std::string otherwise) {
  const char* value = std::getenv(variable);
  return value && *value ? value : std::move(otherwise);
}

class CpuReference : public testing::TestWithParam<RealModel> {
 protected:
  void SetUp() override {
    const std::string name = GetParam().name;
    const fs::path home = from_environment("RIPOSTE_HOME", from_environment("HOME", "") + "/.cache/riposte");
    const fs::path file = home / "models" / (name + ".gguf");
    cases_ =
        fs::path(from_environment("RIPOSTE_SHARED", RIPOSTE_SOURCE_DIR "/../shared")) / "reference" / name;
    if (!GetParam().by_default && !full_) GTEST_SKIP() << "only with RIPOSTE_FULL=1";
    if (!fs::exists(file)) GTEST_SKIP() << "no model " << file << "; 'riposte pull' fetches it";
    if (!fs::exists(cases_)) GTEST_SKIP() << "no reference values " << cases_ << "; set RIPOSTE_SHARED";
    auto model = model::Model::open(file);
    ASSERT_TRUE(model) << model.error().message;
    model_ = *model;
  }

  static ExecutorOptions options() {
    ExecutorOptions options;
    options.kv_tokens = 1024;
    return options;
  }

  bool runs(const ForwardCase& one) const { return full_ || one.ids.size() <= kLongestByDefault; }

  const bool full_ = from_environment("RIPOSTE_FULL", "") == "1";
  hardware::ThreadTeam team_;
  fs::path cases_;
  std::shared_ptr<const model::Model> model_;
};

double mean_nll(const std::vector<std::vector<float>>& logits, const std::vector<TokenId>& ids) {
  double sum = 0.0;
  for (size_t i = 0; i + 1 < ids.size(); ++i)
    sum += log_sum_exp(logits[i]) - logits[i][static_cast<size_t>(ids[i + 1])];
  return sum / static_cast<double>(ids.size() - 1);
}

TEST_P(CpuReference, QuantisedActivationsMoveTheAnswerNoFurtherThanTheyMay) {
  const auto exact = make_float_executor(model_, team_, options());
  ASSERT_TRUE(exact) << exact.error().message;
  const auto fast = make_cpu_executor(model_, team_, options());
  ASSERT_TRUE(fast) << fast.error().message;
  std::vector<double> divergences, nll_differences;
  for (const ForwardCase& expected : read_forward_cases(cases_ / "forward.jsonl")) {
    if (!runs(expected)) continue;
    const auto truth = Sequence(**exact).last_logits(expected.ids, 64);
    const auto found = Sequence(**fast).logits(expected.ids, 64);
    divergences.push_back(divergence(truth, found.back()));
    if (expected.ids.size() > 1) {
      nll_differences.push_back(std::fabs(mean_nll(found, expected.ids) - *expected.nll));
    }
    if (expected.ids.size() == 1) {
      EXPECT_LT(divergences.back(), 0.001) << "one-token input";
    }
  }
  ASSERT_FALSE(divergences.empty());
  double mean = 0.0, mean_difference = 0.0;
  for (const double value : divergences) mean += value / static_cast<double>(divergences.size());
  for (const double value : nll_differences)
    mean_difference += value / static_cast<double>(nll_differences.size());
  EXPECT_LE(mean, GetParam().most_divergence);
  fmt::print("{}: {} cases, KL divergence mean {:.5f}, largest {:.5f}; nll difference mean {:.4f}\n",
             GetParam().name, divergences.size(), mean,
             *std::max_element(divergences.begin(), divergences.end()), mean_difference);
}

// Measured against W x + scale * B (A x) in float32. RIPOSTE_ADAPTER: a file to measure with, for one of the
// models; else random values of a tenth of the base's size.
TEST_P(CpuReference, AnAdapterMovesTheAnswerNoFurtherFromTheTruthThanTheBaseIs) {
  const fs::path base = model_->path;
  fs::path file = from_environment("RIPOSTE_ADAPTER", "");
  if (file.empty()) {
    file = fs::path(testing::TempDir()) / (std::string(GetParam().name) + ".adapter.gguf");
    ASSERT_TRUE(support::write_tiny_adapter(file, base, {.rank = 32, .alpha = 64.0f, .gain = 0.1f}));
  }
  const auto adapter = model::Adapter::open(file, *model_);
  if (!adapter && adapter.error().code == ErrorCode::kInvalidArgument)
    GTEST_SKIP() << adapter.error().message;
  ASSERT_TRUE(adapter) << adapter.error().message;
  ExecutorOptions with = options();
  with.adapters = {*adapter};
  const auto exact = make_float_executor(model_, team_, with);
  ASSERT_TRUE(exact) << exact.error().message;
  const auto beside = make_cpu_executor(model_, team_, with);
  ASSERT_TRUE(beside) << beside.error().message;
  with.merged_into = {model::merged_type(**adapter, model_->weights, model::Merging::kAll)};
  const auto merged = make_cpu_executor(model_, team_, with);
  ASSERT_TRUE(merged) << merged.error().message;
  double beside_mean = 0.0, merged_mean = 0.0, moved = 0.0, count = 0.0;
  for (const ForwardCase& one : read_forward_cases(cases_ / "forward.jsonl")) {
    const auto truth = Sequence(**exact, 0, 1).last_logits(one.ids, 64);
    beside_mean += divergence(truth, Sequence(**beside, 0, 1).last_logits(one.ids, 64));
    merged_mean += divergence(truth, Sequence(**merged, 0, 1).last_logits(one.ids, 64));
    moved += divergence(truth, Sequence(**beside).last_logits(one.ids, 64));
    ++count;
  }
  EXPECT_LE(beside_mean / count, GetParam().most_divergence);
  EXPECT_GT(moved, 10 * beside_mean) << "the adapter says nothing";
  fmt::print("{}: KL divergence mean {:.5f} beside the base, {:.5f} merged; {:.3f} without the adapter\n",
             GetParam().name, beside_mean / count, merged_mean / count, moved / count);
}

TEST_P(CpuReference, GreedyAnswersDifferFromTheTruthOnlyWhereTheMarginIsSmall) {
  const auto fast = make_cpu_executor(model_, team_, options());
  ASSERT_TRUE(fast) << fast.error().message;
  int identical = 0, cases = 0;
  for (const GreedyCase& expected : read_greedy_cases(cases_ / "greedy.jsonl")) {
    Sequence sequence(**fast);
    TokenId next = sequence.argmax(expected.prompt, 64);
    size_t i = 0;
    for (; i < expected.continuation.size() && next == expected.continuation[i]; ++i) {
      if (i + 1 < expected.continuation.size()) next = sequence.argmax({next}, 64);
    }
    if (i < expected.continuation.size()) {
      EXPECT_LT(expected.margins[i], GetParam().largest_margin) << "token " << i << " of the continuation";
    }
    identical += i == expected.continuation.size();
    ++cases;
  }
  EXPECT_GE(identical, GetParam().identical_answers);
  fmt::print("{}: {} of {} greedy answers identical\n", GetParam().name, identical, cases);
}

INSTANTIATE_TEST_SUITE_P(Models, CpuReference,
                         testing::Values(RealModel{"smollm2-135m-instruct-q4_1", 0.0024, 0.4, 4, true},
                                         RealModel{"gemma-3-270m-q4_k_m", 0.0012, 0.25, 2, true},
                                         RealModel{"qwen2.5-coder-1.5b-instruct-q4_k_m", 0.0006, 0.005, 8,
                                                   false}),
                         [](const testing::TestParamInfo<RealModel>& instance) {
                           const std::string name = instance.param.name;
                           return name.substr(0, name.find_first_of("-.0123456789"));
                         });

}  // namespace
}  // namespace riposte::executor
