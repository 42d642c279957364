// What every executor owes its caller, on tiny models of every architecture: what a row answers does not depend on what
// is computed beside it, nor on the number of threads; a refused step writes nothing.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <tuple>

#include "executor/executors.h"
#include "executor/float_cases.h"
#include "kernels/ops.h"

namespace riposte::executor {
namespace {

const std::filesystem::path kModels = RIPOSTE_SOURCE_DIR "/tests/executor/models";

// An executor by name: "float", or an instruction set of the cpu executor.
class StepContract : public testing::TestWithParam<std::tuple<std::string, const char*>> {
 protected:
  void SetUp() override { executor_ = make(team_); }

  static std::unique_ptr<model::Executor> make(hardware::ThreadTeam& team) {
    const auto& [name, architecture] = GetParam();
    const auto model = model::Model::open(kModels / (std::string(architecture) + ".gguf"));
    EXPECT_TRUE(model) << model.error().message;
    ExecutorOptions options;
    if (name != "float") options.instruction_set = name;
    auto executor = name == "float" ? make_float_executor(*model, team, options) : make_cpu_executor(*model, team, options);
    EXPECT_TRUE(executor) << executor.error().message;
    return std::move(*executor);
  }

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

TEST_P(StepContract, ARowHasTheSameBitsAloneAndInAStepOfAnySize) {
  const std::vector<TokenId> tokens = random_tokens(61);
  const auto alone = Sequence(*executor_).logits(tokens, 1);
  for (const size_t chunk : {2, 7, 8, 9, 16, 61}) {
    EXPECT_EQ(Sequence(*executor_).logits(tokens, chunk), alone) << chunk << " rows a step";
  }
}

TEST_P(StepContract, AHiddenStateHasTheSameBitsAloneAndInAStepOfAnySize) {
  const std::vector<TokenId> tokens = random_tokens(61);
  const auto alone = Sequence(*executor_).hidden(tokens, 1);
  ASSERT_EQ(alone.size(), tokens.size());
  for (const auto& row : alone) ASSERT_EQ(row.size(), static_cast<size_t>(executor_->limits().hidden));
  for (const size_t chunk : {2, 7, 8, 9, 16, 61}) {
    EXPECT_EQ(Sequence(*executor_).hidden(tokens, chunk), alone) << chunk << " rows a step";
  }
}

TEST_P(StepContract, RowsOfAllKindsOfAnswersInOneStepAnswerAsTheyWouldAlone) {
  const std::vector<TokenId> tokens = random_tokens(12);
  const auto logits = Sequence(*executor_).logits(tokens, 1);
  const auto hidden = Sequence(*executor_).hidden(tokens, 1);
  for (const size_t count : {3, 12}) {
    std::vector<model::RowOutput> outputs;
    std::vector<int32_t> positions;
    for (size_t row = 0; row < count; ++row) {
      constexpr model::RowOutput kKinds[] = {model::RowOutput::kHidden, model::RowOutput::kNone,
                                             model::RowOutput::kArgmax, model::RowOutput::kHidden,
                                             model::RowOutput::kLogits};
      outputs.push_back(kKinds[row % std::size(kKinds)]);
      positions.push_back(static_cast<int32_t>(row));
    }
    const std::vector<int32_t> sequences(count, 0);
    const std::vector<model::PageId> pages = {5};
    const std::vector<std::span<const model::PageId>> tables = {pages};
    const auto result =
        executor_->step({std::span(tokens).first(count), positions, sequences, outputs, tables});
    ASSERT_TRUE(result) << result.error().message;
    for (size_t row = 0; row < count; ++row) {
      const bool is_hidden = outputs[row] == model::RowOutput::kHidden;
      EXPECT_TRUE(std::ranges::equal(result->hidden[row], is_hidden ? hidden[row] : std::vector<float>()));
      const bool is_logits = outputs[row] == model::RowOutput::kLogits;
      EXPECT_TRUE(std::ranges::equal(result->logits[row], is_logits ? logits[row] : std::vector<float>()));
      const auto winner = static_cast<TokenId>(std::ranges::max_element(logits[row]) - logits[row].begin());
      EXPECT_EQ(result->argmax[row], outputs[row] == model::RowOutput::kArgmax ? winner : kNoToken);
    }
  }
}

TEST_P(StepContract, EveryRowOfAStepMayAskForItsHiddenState) {
  const std::vector<TokenId> tokens = random_tokens(200);  // more than may ask for logits
  ASSERT_LT(executor_->limits().max_logit_rows, 200);
  EXPECT_EQ(Sequence(*executor_).hidden(tokens, 200), Sequence(*executor_).hidden(tokens, 50));
}

TEST_P(StepContract, ARowHasTheSameBitsWithAnyNumberOfThreads) {
  const std::vector<TokenId> tokens = random_tokens(20);
  const auto two_threads = Sequence(*executor_).logits(tokens, 16);
  hardware::ThreadTeam single(1);
  hardware::ThreadTeam many(5);
  EXPECT_EQ(Sequence(*make(single)).logits(tokens, 16), two_threads);
  EXPECT_EQ(Sequence(*make(many)).logits(tokens, 16), two_threads);
}

TEST_P(StepContract, ARowHasTheSameBitsBesideRowsOfOtherSequences) {
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

TEST_P(StepContract, ACopiedPageContinuesAsTheOriginalDoes) {
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

// Of a page after `tokens` slots of it.
std::vector<std::byte> page_of(const model::Executor& executor, model::PageId page, int32_t tokens) {
  std::vector<std::byte> bytes(executor.page_bytes(), std::byte{0xAB});
  executor.read_page(page, tokens, bytes);
  return bytes;
}

TEST_P(StepContract, PagesThatAnotherExecutorHasComputedGoOnAsIfTheyWereItsOwn) {
  if (executor_->page_bytes() == 0) {
    EXPECT_EQ(std::get<0>(GetParam()), "float") << "whoever is fast keeps snapshots";
    return;
  }
  const std::vector<TokenId> tokens = random_tokens(24);
  const auto expected = Sequence(*executor_).logits(tokens, 24);
  const auto whole = page_of(*executor_, 0, 16), part = page_of(*executor_, 1, 5);

  // In a process of its own, whose memory is full of something else.
  const auto other = make(team_);
  Sequence(*other).argmax(random_tokens(60), 60);
  other->write_page(3, whole);
  other->write_page(1, part);
  EXPECT_EQ(page_of(*other, 3, 16), whole);
  const std::vector<model::PageId> pages = {3, 1};
  const std::vector<std::span<const model::PageId>> tables = {pages};
  const std::vector<int32_t> positions = {21, 22, 23};
  const std::vector<int32_t> sequences(3, 0);
  const std::vector<model::RowOutput> outputs(3, model::RowOutput::kLogits);
  const auto result = other->step({std::span(tokens).subspan(21), positions, sequences, outputs, tables});
  ASSERT_TRUE(result) << result.error().message;
  for (size_t row = 0; row < 3; ++row) {
    EXPECT_TRUE(std::ranges::equal(result->logits[row], expected[21 + row])) << "row " << row;
  }
}

TEST_P(StepContract, APageHasTheSameBytesOnEveryInstructionSetAndWhateverStandsBehindIt) {
  if (executor_->page_bytes() == 0) return;  // see above
  const std::vector<TokenId> tokens = random_tokens(16);
  Sequence(*executor_).argmax({tokens.begin(), tokens.begin() + 5}, 5);
  const auto five = page_of(*executor_, 0, 5);
  Sequence(*executor_).argmax(tokens, 16);
  EXPECT_EQ(page_of(*executor_, 0, 5), five) << "what comes later is not in it";
  EXPECT_NE(page_of(*executor_, 0, 6), five);
  const auto model = model::Model::open(kModels / (std::string(std::get<1>(GetParam())) + ".gguf"));
  const auto best = make_cpu_executor(*model, team_);
  ASSERT_TRUE(best) << best.error().message;
  Sequence(**best).argmax(tokens, 3);
  EXPECT_EQ(page_of(**best, 0, 5), five);
}

TEST_P(StepContract, AStepAnswersExactlyTheRowsThatAsk) {
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

TEST_P(StepContract, ARefusedStepWritesNothing) {
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

std::vector<std::string> executors_of_this_machine() {
  std::vector<std::string> names = {"float"};
  for (const kernels::Kernels* kernels : kernels::available_kernels()) names.emplace_back(kernels->name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Executors, StepContract,
                         testing::Combine(testing::ValuesIn(executors_of_this_machine()),
                                          testing::Values("llama", "qwen2", "qwen3", "gemma3")),
                         [](const auto& instance) {
                           return std::get<0>(instance.param) + "_" + std::get<1>(instance.param);
                         });

}  // namespace
}  // namespace riposte::executor
