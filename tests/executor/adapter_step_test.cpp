// Adapters in a step, on tiny models of every architecture, beside the base and merged: rows of several
// adapters and of none have the bits that they have alone, on every instruction set, with any number of
// threads, and close to the truth.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <random>
#include <tuple>

#include "executor/executors.h"
#include "executor/float_cases.h"
#include "kernels/ops.h"
#include "support/tiny_adapter.h"

namespace riposte::executor {
namespace {

namespace fs = std::filesystem;
using model::AdapterId;

const fs::path kModels = RIPOSTE_SOURCE_DIR "/tests/executor/models";

// A base with three adapters: the one of the reference, one of a rank beyond a group of 32, one that changes
// only a part.
struct Adapted {
  std::vector<std::optional<gguf::TensorType>> merged_into = {};
  std::shared_ptr<const model::Model> base;
  std::vector<std::shared_ptr<const model::Adapter>> adapters;
};

enum class Ways { kBeside, kMerged, kBoth };

Adapted adapted(const std::string& architecture, Ways ways) {
  Adapted found;
  const std::optional beside = std::optional<gguf::TensorType>();
  // Q4_1 is coarse, and made for weights that are.
  if (ways == Ways::kMerged) found.merged_into.assign(3, gguf::TensorType::kF32);
  if (ways == Ways::kBoth) found.merged_into = {gguf::TensorType::kF32, beside, gguf::TensorType::kQ4_1};
  const auto base = model::Model::open(kModels / (architecture + ".gguf"));
  EXPECT_TRUE(base) << base.error().message;
  found.base = *base;
  const fs::path made = fs::path(testing::TempDir()) / (architecture + "_high_rank.gguf");
  EXPECT_TRUE(support::write_tiny_adapter(made, kModels / (architecture + ".gguf"),
                                          {.rank = 33, .alpha = 5.0f, .type = gguf::TensorType::kF32}));
  for (const fs::path& path : {kModels / (architecture + ".adapter.gguf"), made}) {
    const auto adapter = model::Adapter::open(path, **base);
    EXPECT_TRUE(adapter) << adapter.error().message;
    found.adapters.push_back(*adapter);
  }
  auto partial = std::make_shared<model::Adapter>(
      *model::Adapter::read(*gguf::File::open(made), (*base)->config, (*base)->weights));
  for (model::AdapterLayer& layer : partial->layers) {
    for (const auto product : {model::Product::kQuery, model::Product::kUp, model::Product::kDown})
      layer[static_cast<size_t>(product)] = {};
  }
  found.adapters.push_back(std::move(partial));
  fs::remove(made);  // mapped, so still there
  return found;
}

std::unique_ptr<model::Executor> make(const Adapted& model, const std::string& name,
                                      hardware::ThreadTeam& team) {
  ExecutorOptions options;
  options.adapters = model.adapters;
  options.merged_into = model.merged_into;
  if (name != "float") options.instruction_set = name;
  auto executor = name == "float" ? make_float_executor(model.base, team, options)
                                  : make_cpu_executor(model.base, team, options);
  EXPECT_TRUE(executor) << executor.error().message;
  return std::move(*executor);
}

std::vector<TokenId> random_tokens(size_t count, int32_t vocabulary, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<TokenId> any(0, vocabulary - 1);
  std::vector<TokenId> tokens(count);
  for (TokenId& token : tokens) token = any(random);
  return tokens;
}

class AdapterStep : public testing::TestWithParam<std::tuple<std::string, const char*, Ways>> {
 protected:
  void SetUp() override {
    model_ = adapted(std::get<1>(GetParam()), std::get<2>(GetParam()));
    executor_ = make(model_, std::get<0>(GetParam()), team_);
  }

  std::vector<TokenId> tokens(size_t count, unsigned seed = 1) const {
    return random_tokens(count, executor_->limits().vocabulary, seed);
  }

  hardware::ThreadTeam team_{2};
  Adapted model_;
  std::unique_ptr<model::Executor> executor_;
};

TEST_P(AdapterStep, EveryAdapterSaysSomethingOfItsOwn) {
  const auto text = tokens(5);
  std::vector<std::vector<std::vector<float>>> said;
  for (AdapterId adapter = 0; adapter <= 3; ++adapter) {
    said.push_back(Sequence(*executor_, 0, adapter).logits(text, 5));
    for (size_t other = 0; other + 1 < said.size(); ++other) EXPECT_NE(said[other], said.back());
  }
}

TEST_P(AdapterStep, ARowHasTheSameBitsAloneAndInAStepOfAnySize) {
  const auto text = tokens(61);
  for (AdapterId adapter = 1; adapter <= 3; ++adapter) {
    const auto alone = Sequence(*executor_, 0, adapter).logits(text, 1);
    for (const size_t chunk : {2, 7, 16, 17, 61})
      EXPECT_EQ(Sequence(*executor_, 0, adapter).logits(text, chunk), alone) << chunk << " rows a step";
  }
}

TEST_P(AdapterStep, ARowHasTheSameBitsWithAnyNumberOfThreads) {
  const auto text = tokens(40);
  const auto two_threads = Sequence(*executor_, 0, 2).logits(text, 40);
  for (const int threads : {1, 5}) {
    hardware::ThreadTeam team(threads);
    const auto executor = make(model_, std::get<0>(GetParam()), team);
    EXPECT_EQ(Sequence(*executor, 0, 2).logits(text, 40), two_threads) << threads << " threads";
    EXPECT_EQ(Sequence(*executor, 0, 2).logits(text, 3), two_threads) << threads << " threads";
  }
}

// Sequences of every adapter and of the base in the same steps, their rows mixed; some rows ask for nothing.
TEST_P(AdapterStep, RowsOfSeveralAdaptersAndOfNoneHaveTheirOwnBits) {
  constexpr int32_t kLength = 19;
  constexpr int32_t kSequences = 6;
  const std::vector<AdapterId> adapters = {1, 0, 2, 1, 3, 0};
  std::vector<std::vector<TokenId>> texts;
  std::vector<std::vector<std::vector<float>>> alone;
  for (int32_t i = 0; i < kSequences; ++i) {
    texts.push_back(tokens(kLength, static_cast<unsigned>(10 + i)));
    alone.push_back(Sequence(*executor_, 0, adapters[static_cast<size_t>(i)]).logits(texts.back(), 1));
  }
  std::vector<std::vector<model::PageId>> pages;
  for (int32_t i = 0; i < kSequences; ++i) pages.push_back({10 + 2 * i, 11 + 2 * i});
  const std::vector<std::span<const model::PageId>> tables(pages.begin(), pages.end());
  // One row of each in turn, then all rows of one after another.
  for (const bool in_turn : {true, false}) {
    std::vector<TokenId> all_tokens;
    std::vector<int32_t> positions, sequences;
    std::vector<model::RowOutput> outputs;
    const auto add = [&](int32_t sequence, int32_t position) {
      all_tokens.push_back(texts[static_cast<size_t>(sequence)][static_cast<size_t>(position)]);
      positions.push_back(position);
      sequences.push_back(sequence);
      outputs.push_back((sequence + position) % 3 == 0 && outputs.size() < 100 ? model::RowOutput::kNone
                                                                               : model::RowOutput::kLogits);
    };
    for (int32_t i = 0; i < kLength * kSequences; ++i) {
      in_turn ? add(i % kSequences, i / kSequences) : add(i / kLength, i % kLength);
    }
    // At most 64 rows of a step may answer.
    for (size_t row = 0, answers = 0; row < outputs.size(); ++row) {
      if (outputs[row] == model::RowOutput::kLogits && ++answers > 64) outputs[row] = model::RowOutput::kNone;
    }
    const auto result = executor_->step({all_tokens, positions, sequences, outputs, tables, {}, adapters});
    ASSERT_TRUE(result) << result.error().message;
    for (size_t row = 0; row < outputs.size(); ++row) {
      if (outputs[row] == model::RowOutput::kNone) continue;
      const auto& expected = alone[static_cast<size_t>(sequences[row])][static_cast<size_t>(positions[row])];
      EXPECT_TRUE(std::ranges::equal(result->logits[row], expected))
          << "row " << row << ", in turn: " << in_turn;
    }
  }
}

// Two continuations of a text, one of them in a branch that shares the row where they part.
TEST_P(AdapterStep, BranchesOfADraftHaveTheBitsOfPlainDecoding) {
  const auto text = tokens(20);
  auto other = text;
  other[18] = (other[18] + 1) % executor_->limits().vocabulary;
  const auto plain = Sequence(*executor_, 0, 2).logits(text, 1);
  const auto plain_other = Sequence(*executor_, 0, 2).logits(other, 1);

  Sequence(*executor_, 0, 2).logits({text.begin(), text.begin() + 16}, 16);
  const std::vector<model::PageId> trunk = {0, 1}, branch = {0, 9};
  const std::vector<std::span<const model::PageId>> tables = {trunk, branch};
  const std::vector<TokenId> rows = {text[16], text[17], text[18], text[19], other[18], other[19]};
  const std::vector<int32_t> positions = {16, 17, 18, 19, 18, 19};
  const std::vector<int32_t> sequences = {0, 0, 0, 0, 1, 1};
  const std::vector<int32_t> also = {1};
  const std::vector<std::span<const int32_t>> also_in = {also, also, {}, {}, {}, {}};
  const std::vector<model::RowOutput> outputs(6, model::RowOutput::kLogits);
  const std::vector<AdapterId> adapters = {2, 2};
  const auto result = executor_->step({rows, positions, sequences, outputs, tables, also_in, adapters});
  ASSERT_TRUE(result) << result.error().message;
  for (size_t row = 0; row < 6; ++row) {
    const auto& expected = sequences[row] == 0 ? plain : plain_other;
    EXPECT_TRUE(std::ranges::equal(result->logits[row], expected[static_cast<size_t>(positions[row])]))
        << "row " << row;
  }
}

std::vector<std::string> executors_of_this_machine() {
  std::vector<std::string> names;
  for (const kernels::Kernels* kernels : kernels::available_kernels()) names.emplace_back(kernels->name);
  return names;
}

std::string name_of(Ways ways) {
  return ways == Ways::kBeside ? "beside" : ways == Ways::kMerged ? "merged" : "both";
}

const auto kArchitectures = testing::Values("llama", "qwen2", "qwen3", "gemma3");
const auto name_of_step = [](const auto& instance) {
  return std::get<0>(instance.param) + "_" + std::get<1>(instance.param) + "_" +
         name_of(std::get<2>(instance.param));
};
INSTANTIATE_TEST_SUITE_P(Executors, AdapterStep,
                         testing::Combine(testing::ValuesIn(executors_of_this_machine()), kArchitectures,
                                          testing::Values(Ways::kBeside, Ways::kBoth)),
                         name_of_step);
INSTANTIATE_TEST_SUITE_P(Float, AdapterStep,
                         testing::Combine(testing::Values("float"), kArchitectures,
                                          testing::Values(Ways::kBeside)),
                         name_of_step);

class AdapterTruth : public testing::TestWithParam<std::tuple<const char*, Ways>> {};

TEST_P(AdapterTruth, EveryInstructionSetGivesTheSameBitsCloseToTheTruth) {
  hardware::ThreadTeam team(2);
  const Adapted model = adapted(std::get<0>(GetParam()), std::get<1>(GetParam()));
  const auto exact = make(model, "float", team);
  const auto reference = make(model, "reference", team);
  const auto text = random_tokens(40, exact->limits().vocabulary, 5);
  for (AdapterId adapter = 1; adapter <= 3; ++adapter) {
    const auto truth = Sequence(*exact, 0, adapter).logits(text, 40);
    const auto found = Sequence(*reference, 0, adapter).logits(text, 40);
    double mean = 0.0;
    for (size_t row = 0; row < truth.size(); ++row) mean += divergence(truth[row], found[row]) / 40.0;
    EXPECT_LT(mean, 0.02) << "adapter " << adapter;
    for (const kernels::Kernels* kernels : kernels::available_kernels()) {
      EXPECT_EQ(Sequence(*make(model, std::string(kernels->name), team), 0, adapter).logits(text, 7), found)
          << kernels->name << ", adapter " << adapter;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Architectures, AdapterTruth,
                         testing::Combine(kArchitectures, testing::Values(Ways::kBeside, Ways::kMerged)),
                         [](const auto& instance) {
                           return std::string(std::get<0>(instance.param)) + "_" +
                                  name_of(std::get<1>(instance.param));
                         });

TEST(AdapterStep, AStepThatNamesAnAdapterThatIsNotThereIsRefused) {
  hardware::ThreadTeam team(1);
  const Adapted model = adapted("llama", Ways::kBeside);
  for (const std::string name : {"float", "reference"}) {
    const auto executor = make(model, name, team);
    EXPECT_EQ(executor->limits().adapters, 3);
    EXPECT_THROW(Sequence(*executor, 0, 4).logits({1, 2}, 2), std::runtime_error);
  }
}

TEST(AdapterStep, AMergedAdapterThatIsTooLargeIsRefused) {
  hardware::ThreadTeam team(2);
  const fs::path made = fs::path(testing::TempDir()) / "large.gguf";
  ASSERT_TRUE(support::write_tiny_adapter(made, kModels / "llama.gguf",
                                          {.rank = 32, .type = gguf::TensorType::kF32, .gain = 1e7f}));
  const auto base = model::Model::open(kModels / "llama.gguf");
  ExecutorOptions options;
  options.adapters = {*model::Adapter::open(made, **base)};
  EXPECT_TRUE(make_cpu_executor(*base, team, options)) << "beside the base nothing is rounded";
  options.merged_into = {gguf::TensorType::kF32};
  const auto executor = make_cpu_executor(*base, team, options);
  ASSERT_FALSE(executor);
  EXPECT_EQ(executor.error().code, ErrorCode::kUnsupported);
  options.merged_into.clear();
  options.merged_into.resize(2);
  EXPECT_FALSE(make_cpu_executor(*base, team, options)) << "of two adapters, and there is one";
}

}  // namespace
}  // namespace riposte::executor
