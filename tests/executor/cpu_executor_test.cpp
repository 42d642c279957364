// The cpu executor against the float executor (how far quantised activations move an answer) and against itself on
// every instruction set (not by a bit).

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>

#include "executor/executors.h"
#include "executor/float_cases.h"
#include "kernels/ops.h"
#include "support/tiny_model.h"

namespace riposte::executor {
namespace {

namespace fs = std::filesystem;
using gguf::TensorType;

std::unique_ptr<model::Executor> cpu(const fs::path& path, hardware::ThreadTeam& team, std::string_view instruction_set) {
  const auto model = model::Model::open(path);
  EXPECT_TRUE(model) << model.error().message;
  ExecutorOptions options;
  options.instruction_set = instruction_set;
  auto executor = make_cpu_executor(*model, team, options);
  EXPECT_TRUE(executor) << executor.error().message;
  return std::move(*executor);
}

std::vector<TokenId> random_tokens(size_t count, int32_t vocabulary) {
  std::mt19937 random(3);
  std::vector<TokenId> tokens(count);
  for (TokenId& token : tokens) token = static_cast<TokenId>(random() % static_cast<unsigned>(vocabulary));
  return tokens;
}

class CpuExecutorTypes : public testing::TestWithParam<TensorType> {};

TEST_P(CpuExecutorTypes, EveryInstructionSetGivesTheSameBitsCloseToTheTruth) {
  const TensorType type = GetParam();
  const fs::path path = fs::path(testing::TempDir()) / ("tiny_" + std::string(gguf::name_of(type)) + ".gguf");
  hardware::ThreadTeam team(1);
  ASSERT_TRUE(support::write_tiny_gguf(path, {.architecture = "llama", .matrices = type}));
  const auto model = model::Model::open(path);
  ASSERT_TRUE(model) << model.error().message;
  const auto exact = make_float_executor(*model, team);
  ASSERT_TRUE(exact) << exact.error().message;
  const auto tokens = random_tokens(20, (*exact)->limits().vocabulary);
  const auto truth = Sequence(**exact).logits(tokens, 20);
  const auto reference = Sequence(*cpu(path, team, "reference")).logits(tokens, 20);
  double mean = 0.0;
  for (size_t row = 0; row < truth.size(); ++row) mean += divergence(truth[row], reference[row]) / static_cast<double>(truth.size());
  EXPECT_LT(mean, 0.02);
  EXPECT_GT(mean, 0.0);
  for (const kernels::Kernels* kernels : kernels::available_kernels()) {
    EXPECT_EQ(Sequence(*cpu(path, team, kernels->name)).logits(tokens, 7), reference) << kernels->name;
  }
  fs::remove(path);
}

INSTANTIATE_TEST_SUITE_P(Types, CpuExecutorTypes,
                         testing::Values(TensorType::kF32, TensorType::kF16, TensorType::kBF16, TensorType::kQ4_0,
                                         TensorType::kQ4_1, TensorType::kQ5_0, TensorType::kQ5_1, TensorType::kQ8_0,
                                         TensorType::kQ2_K, TensorType::kQ3_K, TensorType::kQ4_K, TensorType::kQ5_K,
                                         TensorType::kQ6_K),
                         [](const auto& instance) { return std::string(gguf::name_of(instance.param)); });

// A hash over the bits of all logits (FNV-1a), so that a change of the numeric definition cannot slip in unseen and
// every machine can be held to the same answer.
uint64_t hash_of(const std::vector<std::vector<float>>& rows) {
  uint64_t hash = 14695981039346656037u;
  for (const auto& row : rows) {
    for (const float value : row) hash = (hash ^ std::bit_cast<uint32_t>(value)) * 1099511628211u;
  }
  return hash;
}

TEST(CpuExecutor, TheBitsOfTinyModelsAreTheSameOnEveryMachine) {
  hardware::ThreadTeam team(2);
  const std::pair<const char*, uint64_t> golden[] = {
      {"llama", 13526941701644929199u},
      {"qwen2", 15925386898083131170u},
      {"qwen3", 1895595971867658118u},
      {"gemma3", 4369098535216087527u}};
  for (const auto& [architecture, expected] : golden) {
    const fs::path path = fs::path(RIPOSTE_SOURCE_DIR "/tests/executor/models") / (std::string(architecture) + ".gguf");
    const auto executor = cpu(path, team, "");
    const auto tokens = random_tokens(50, executor->limits().vocabulary);
    EXPECT_EQ(hash_of(Sequence(*executor).logits(tokens, 50)), expected) << architecture;
  }
}

TEST(CpuExecutor, AnUnknownInstructionSetIsNamedTogetherWithThoseThatExist) {
  const auto model = model::Model::open(RIPOSTE_SOURCE_DIR "/tests/executor/models/llama.gguf");
  ASSERT_TRUE(model) << model.error().message;
  hardware::ThreadTeam team(1);
  ExecutorOptions options;
  options.instruction_set = "abacus";
  const auto executor = make_cpu_executor(*model, team, options);
  ASSERT_FALSE(executor);
  EXPECT_EQ(executor.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(executor.error().message.find("abacus"), std::string::npos);
  EXPECT_NE(executor.error().message.find("reference"), std::string::npos);
}

}  // namespace
}  // namespace riposte::executor
