// Several continuations of one text in one step: each row has the bits that it has when its own text is
// computed alone.
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

size_t at(int32_t index) {
  return static_cast<size_t>(index);
}

// A text, and continuations as paths of guesses. A guess of several paths is the same row in all of them.
struct Tree {
  std::vector<TokenId> text;
  std::vector<TokenId> guesses;
  std::vector<std::vector<int32_t>> paths;

  // The path in whose table the guess attends.
  int32_t home(int32_t guess) const {
    return static_cast<int32_t>(
        std::ranges::find_if(
            paths, [guess](const auto& path) { return std::ranges::find(path, guess) != path.end(); }) -
        paths.begin());
  }
  int32_t position(int32_t guess) const {
    const std::vector<int32_t>& path = paths[at(home(guess))];
    return static_cast<int32_t>(text.size()) +
           static_cast<int32_t>(std::ranges::find(path, guess) - path.begin());
  }
  // The first page of its table that a path does not share.
  int32_t first_page(int32_t path, int32_t page_size) const {
    const auto own =
        std::ranges::find_if(paths[at(path)], [&](int32_t guess) { return home(guess) == path; });
    return path == 0 ? 0 : position(*own) / page_size;
  }
  std::vector<TokenId> text_up_to(int32_t guess) const {
    std::vector<TokenId> tokens = text;
    for (const int32_t each : paths[at(home(guess))]) {
      tokens.push_back(guesses[at(each)]);
      if (each == guess) break;
    }
    return tokens;
  }
};

// The executor ("float", or an instruction set), the architecture, the text's length, how much of it was
// computed before.
using Parameters = std::tuple<std::string, const char*, std::pair<int32_t, int32_t>>;

class TreeStep : public testing::TestWithParam<Parameters> {
 protected:
  void SetUp() override {
    const auto& [name, architecture, lengths] = GetParam();
    const auto model = model::Model::open(kModels / (std::string(architecture) + ".gguf"));
    ASSERT_TRUE(model) << model.error().message;
    ExecutorOptions options;
    if (name != "float") options.instruction_set = name;
    auto made = name == "float" ? make_float_executor(*model, team_, options)
                                : make_cpu_executor(*model, team_, options);
    ASSERT_TRUE(made) << made.error().message;
    executor_ = std::move(*made);
  }

  std::vector<TokenId> random_tokens(int32_t count) {
    std::mt19937 random(11);
    std::uniform_int_distribution<TokenId> any(0, executor_->limits().vocabulary - 1);
    std::vector<TokenId> tokens(at(count));
    for (TokenId& token : tokens) token = any(random);
    return tokens;
  }

  hardware::ThreadTeam team_{2};
  std::unique_ptr<model::Executor> executor_;
};

TEST_P(TreeStep, EveryGuessHasTheBitsOfItsOwnTextAlone) {
  const auto [length, computed] = std::get<2>(GetParam());
  const int32_t page_size = executor_->limits().page_size;
  const std::vector<TokenId> tokens = random_tokens(length + 8);
  Tree tree{.text = {tokens.begin(), tokens.begin() + length},
            .guesses = {tokens.begin() + length, tokens.end()},
            .paths = {{0, 1, 2, 3}, {4, 5}, {0, 1, 6, 7}}};

  // What each row must answer, computed alone in pages far away.
  Sequence alone(*executor_, 100);
  const std::vector<float> root = alone.logits(tree.text, 7).back();
  std::vector<std::vector<float>> expected;
  for (int32_t guess = 0; guess < 8; ++guess) {
    expected.push_back(Sequence(*executor_, 100).logits(tree.text_up_to(guess), 9).back());
  }

  Sequence(*executor_).logits({tree.text.begin(), tree.text.begin() + computed}, 64);
  std::vector<std::vector<model::PageId>> pages;
  for (int32_t path = 0; path < 3; ++path) {
    std::vector<model::PageId> table(at(length / page_size + 2));
    for (int32_t page = 0; page < static_cast<int32_t>(table.size()); ++page) {
      const bool own = page >= tree.first_page(path, page_size);
      table[at(page)] = own ? 20 * path + page : pages[0][at(page)];
    }
    pages.push_back(table);
    const int32_t first = tree.first_page(path, page_size);
    if (path > 0 && computed > first * page_size) {
      executor_->copy_page(pages[0][at(first)], table[at(first)], computed - first * page_size);
    }
  }
  const std::vector<std::span<const model::PageId>> tables(pages.begin(), pages.end());

  std::vector<TokenId> row_tokens;
  std::vector<int32_t> positions, sequences;
  std::vector<std::vector<int32_t>> also;
  std::vector<model::RowOutput> outputs;
  const auto add = [&](TokenId token, int32_t position, int32_t sequence, std::vector<int32_t> others) {
    std::erase_if(others, [&, position](int32_t path) {
      return position < tree.first_page(path, page_size) * page_size;
    });
    row_tokens.push_back(token);
    positions.push_back(position);
    sequences.push_back(sequence);
    also.push_back(others);
    outputs.push_back(model::RowOutput::kLogits);
  };
  for (int32_t position = computed; position < length; ++position)
    add(tree.text[at(position)], position, 0, {1, 2});
  for (int32_t guess = 0; guess < 8; ++guess) {
    const bool shared = guess < 2;
    add(tree.guesses[at(guess)], tree.position(guess), tree.home(guess),
        shared ? std::vector{2} : std::vector<int32_t>{});
  }
  const std::vector<std::span<const int32_t>> also_in(also.begin(), also.end());
  const auto result = executor_->step({row_tokens, positions, sequences, outputs, tables, also_in});
  ASSERT_TRUE(result) << result.error().message;
  const size_t first = at(length - computed);
  EXPECT_TRUE(std::ranges::equal(result->logits[first - 1], root));
  for (size_t guess = 0; guess < 8; ++guess) {
    EXPECT_TRUE(std::ranges::equal(result->logits[first + guess], expected[guess])) << "guess " << guess;
  }

  // Whatever path is kept, it goes on as if it had been computed alone.
  for (int32_t path = 0; path < 3; ++path) {
    const int32_t last = tree.paths[at(path)].back();
    std::vector<TokenId> text = tree.text_up_to(last);
    text.push_back(3);
    const std::vector<TokenId> next = {3};
    const std::vector<int32_t> position = {static_cast<int32_t>(text.size()) - 1}, sequence = {0};
    const std::vector<model::RowOutput> output = {model::RowOutput::kLogits};
    const auto after =
        executor_->step({next, position, sequence, output, std::span(tables).subspan(at(path), 1)});
    ASSERT_TRUE(after) << after.error().message;
    const std::vector<float> logits(after->logits[0].begin(), after->logits[0].end());
    EXPECT_EQ(logits, Sequence(*executor_, 100).logits(text, 16).back()) << "path " << path;
  }
}

std::vector<std::string> executors_of_this_machine() {
  std::vector<std::string> names = {"float"};
  for (const kernels::Kernels* kernels : kernels::available_kernels()) names.emplace_back(kernels->name);
  return names;
}

// The tree lies inside a page, across the end of one, at its beginning; behind a prompt of several pages in
// the same step, and behind one token.
INSTANTIATE_TEST_SUITE_P(Executors, TreeStep,
                         testing::Combine(testing::ValuesIn(executors_of_this_machine()),
                                          testing::Values("llama", "qwen2", "qwen3", "gemma3"),
                                          testing::Values(std::pair{37, 3}, std::pair{37, 36},
                                                          std::pair{30, 29}, std::pair{31, 17},
                                                          std::pair{32, 31}, std::pair{2, 0})),
                         [](const auto& instance) {
                           const auto lengths = std::get<2>(instance.param);
                           return std::get<0>(instance.param) + "_" + std::get<1>(instance.param) + "_" +
                                  std::to_string(lengths.first) + "_after_" + std::to_string(lengths.second);
                         });

}  // namespace
}  // namespace riposte::executor
