// The float executor against an independent float32 implementation, on real models.
//
// By default a fair sample; everything with the environment variable RIPOSTE_FULL=1.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "executor/executors.h"
#include "executor/float_cases.h"

namespace riposte::executor {
namespace {

namespace fs = std::filesystem;

struct RealModel {
  const char* name;        // of the file, and of its folder of reference values
  size_t longest_forward;  // tokens of the longest forward case that runs by default
  size_t greedy_cases;     // so many run by default
};

std::string from_environment(const char* variable, std::string otherwise) {
  const char* value = std::getenv(variable);
  return value && *value ? value : std::move(otherwise);
}

class FloatReference : public testing::TestWithParam<RealModel> {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "minutes long with sanitizers; the tiny models run the same code";
#endif
    const std::string name = GetParam().name;
    const fs::path home = from_environment("RIPOSTE_HOME", from_environment("HOME", "") + "/.cache/riposte");
    const fs::path file = home / "models" / (name + ".gguf");
    cases_ =
        fs::path(from_environment("RIPOSTE_SHARED", RIPOSTE_SOURCE_DIR "/../shared")) / "reference" / name;
    if (!fs::exists(file)) GTEST_SKIP() << "no model " << file << "; 'riposte pull' fetches it";
    if (!fs::exists(cases_)) GTEST_SKIP() << "no reference values " << cases_ << "; set RIPOSTE_SHARED";
    const auto model = model::Model::open(file);
    ASSERT_TRUE(model) << model.error().message;
    ExecutorOptions options;
    options.kv_tokens = 1024;
    auto executor = make_float_executor(*model, team_, options);
    ASSERT_TRUE(executor) << executor.error().message;
    executor_ = std::move(*executor);
  }

  const bool full_ = from_environment("RIPOSTE_FULL", "") == "1";
  fs::path cases_;
  hardware::ThreadTeam team_;
  std::unique_ptr<model::Executor> executor_;
};

TEST_P(FloatReference, LogitsAndLikelihoodsAreThoseOfTheReference) {
  Difference largest;
  int compared = 0;
  for (const ForwardCase& expected : read_forward_cases(cases_ / "forward.jsonl")) {
    if (!full_ && expected.ids.size() > GetParam().longest_forward) continue;
    SCOPED_TRACE(fmt::format("{} tokens", expected.ids.size()));
    const Difference difference = compare(*executor_, expected, 64);
    EXPECT_LT(difference.top_logit, 1e-3);
    EXPECT_LT(difference.logsumexp, 1e-3);
    EXPECT_LT(difference.nll, 1e-4);
    largest.widen(difference);
    ++compared;
  }
  EXPECT_GT(compared, 0);
  fmt::print("{}: {} cases, largest differences: top logits {:.1e}, logsumexp {:.1e}, nll {:.1e}\n",
             GetParam().name, compared, largest.top_logit, largest.logsumexp, largest.nll);
}

TEST_P(FloatReference, GreedyDecodingGivesTheTokensOfTheReference) {
  // A margin below this is within the rounding of float32.
  constexpr double kCertain = 1e-3;
  std::vector<GreedyCase> cases = read_greedy_cases(cases_ / "greedy.jsonl");
  if (!full_) cases.resize(std::min(cases.size(), GetParam().greedy_cases));
  for (const GreedyCase& expected : cases) {
    Sequence sequence(*executor_);
    TokenId next = sequence.argmax(expected.prompt, 64);
    for (size_t i = 0; i < expected.continuation.size(); ++i) {
      if (next != expected.continuation[i]) {
        EXPECT_LT(expected.margins[i], kCertain) << "token " << i << " of the continuation";
        break;
      }
      if (i + 1 < expected.continuation.size()) next = sequence.argmax({next}, 64);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, FloatReference,
                         testing::Values(RealModel{"smollm2-135m-instruct-q4_1", 100, 2},
                                         RealModel{"gemma-3-270m-q4_k_m", 100, 1},
                                         RealModel{"qwen2.5-coder-1.5b-instruct-q4_k_m", 8, 1}),
                         [](const testing::TestParamInfo<RealModel>& instance) {
                           const std::string name = instance.param.name;
                           return name.substr(0, name.find_first_of("-.0123456789"));
                         });

}  // namespace
}  // namespace riposte::executor
