// The screened head finds exactly the word that all logits together would have named, whatever the weights
// and the row.
#include "executor/cpu/screened_head.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>

#include "executor/cpu/head_order.h"
#include "executor/cpu/quantized_rows.h"
#include "executor/executors.h"
#include "executor/float_cases.h"
#include "kernels/random_data.h"
#include "model/model.h"
#include "quant/half.h"
#include "support/tiny_model.h"

namespace riposte::executor {
namespace {

using test::random_floats;

constexpr int kColumns = 160;  // five groups: an odd number
constexpr int kBlockBytes = 34;

// A Q8_0 matrix that tests can write into before it is packed.
struct Head {
  explicit Head(int count, uint32_t seed = 1) : random(seed), words(count) {
    source = test::random_blocks(random, gguf::TensorType::kQ8_0, static_cast<size_t>(count) * kColumns);
  }

  std::byte* block(int word, int group) {
    return source.data() + (word * (kColumns / 32) + group) * kBlockBytes;
  }
  void set_scale(int word, int group, uint16_t half) { std::memcpy(block(word, group), &half, sizeof half); }
  void set_weight(int word, int input, int8_t q) {
    std::memcpy(block(word, input / 32) + 2 + input % 32, &q, 1);
  }
  int8_t weight(int word, int input) {
    int8_t q;
    std::memcpy(&q, block(word, input / 32) + 2 + input % 32, 1);
    return q;
  }
  void copy_word(int from, int to) { std::memcpy(block(to, 0), block(from, 0), kColumns / 32 * kBlockBytes); }

  PackedWeights packed() const {
    PackedWeights weights;
    weights.output = quant::PackedMatrix(gguf::TensorType::kQ8_0, words, kColumns);
    weights.output.pack_panels(source, 0, weights.output.panels());
    // Some order: column by column.
    for (int i = 0; i < kColumns; ++i)
      weights.head_order.push_back(static_cast<uint8_t>(i % 4 * 8 + i % 32 / 4));
    weights.screen = quant::PackedMatrix(gguf::TensorType::kQ8_0, quant::kScreenQ8_0, words, kColumns);
    weights.screen.pack_panels(source, 0, weights.screen.panels(), weights.head_order);
    return weights;
  }

  std::mt19937 random;
  int words;
  std::vector<std::byte> source;
};

std::vector<float> all_logits(const kernels::Kernels& kernels, const quant::PackedMatrix& matrix,
                              const std::vector<float>& x, bool two_planes = false) {
  QuantizedRows rows(1, kColumns, 1);
  rows.reset(1);
  rows.set(kernels, 0, 0, x.data(), kColumns, two_planes);
  std::vector<float> logits(static_cast<size_t>(matrix.panels()) * quant::kPanelRows);
  rows.multiply(kernels, 0, matrix, {0, matrix.panels()}, logits.data(), logits.size(), false);
  logits.resize(static_cast<size_t>(matrix.rows()));
  return logits;
}

// The winner of each row by screening; the steps of all workers one behind the other, as barriers would have
// them.
std::vector<Winner> screened(const kernels::Kernels& kernels, ScreenedHead& head,
                             const PackedWeights& weights, int workers,
                             const std::vector<std::vector<float>>& rows) {
  const auto count = static_cast<int32_t>(rows.size());
  QuantizedRows input(count, kColumns, workers);
  input.reset(count);
  head.begin(count);
  for (int32_t row = 0; row < count; ++row) {
    input.set(kernels, row, 0, rows[static_cast<size_t>(row)].data(), kColumns, row % 4 == 3);
    head.set(row, input);
  }
  const size_t stride = static_cast<size_t>(weights.output.panels()) * quant::kPanelRows;
  std::vector<float> logits(rows.size() * stride, NAN);
  for (int worker = 0; worker < workers; ++worker) head.look(kernels, worker, input, logits.data(), stride);
  std::vector<Winner> best(rows.size()), found(rows.size());
  for (int worker = 0; worker < workers; ++worker) {
    head.decide(kernels, worker, input, logits.data(), stride, found);
    for (size_t row = 0; row < rows.size(); ++row) best[row].meet(found[row]);
  }
  return best;
}

// Screening by every instruction set and by 1 to 3 workers agrees with the greatest of all logits, lowest id
// first.
void expect_exact(const Head& head, const std::vector<std::vector<float>>& rows) {
  const PackedWeights weights = head.packed();
  for (const kernels::Kernels* kernels : kernels::available_kernels()) {
    for (int workers = 1; workers <= 3; ++workers) {
      ScreenedHead screen(weights, workers, 16);
      const auto found = screened(*kernels, screen, weights, workers, rows);
      for (size_t row = 0; row < rows.size(); ++row) {
        const auto logits = all_logits(*kernels, weights.output, rows[row], row % 4 == 3);
        EXPECT_EQ(found[row].token, kernels->argmax(logits.data(), head.words))
            << kernels->name << ", " << workers << " workers, row " << row;
      }
    }
  }
}

TEST(ScreenedHead, FindsTheWinnerOfRandomRowsInAnyNumberOfWords) {
  for (const int words : {1, 15, 16, 17, 700}) {
    Head head(words, static_cast<uint32_t>(words));
    for (const size_t count : {1u, 2u, 5u, 16u}) {
      std::vector<std::vector<float>> rows;
      for (size_t row = 0; row < count; ++row) {
        rows.push_back(random_floats(head.random, kColumns, 3.0f));
        if (row % 2 == 1) rows.back()[head.random() % kColumns] = 900.0f;  // its group gets a second plane
      }
      expect_exact(head, rows);
    }
  }
}

TEST(ScreenedHead, RulesOutNearlyAllPanelsOfAClearWinner) {
  Head head(16 * 200);
  const auto x = random_floats(head.random, kColumns);
  const int winner = 1234;
  for (int group = 0; group < kColumns / 32; ++group)
    head.set_scale(winner, group, quant::float_to_half(0.02f));
  for (int input = 0; input < kColumns; ++input) {
    head.set_weight(winner, input, static_cast<int8_t>(x[static_cast<size_t>(input)] > 0 ? 120 : -120));
  }
  const PackedWeights weights = head.packed();
  const kernels::Kernels& kernels = *kernels::available_kernels().front();
  ScreenedHead screen(weights, 2, 4);
  EXPECT_TRUE(screen.takes(1));
  EXPECT_EQ(screened(kernels, screen, weights, 2, {x})[0].token, winner);
  EXPECT_EQ(screen.panels(), 200);
  EXPECT_LE(screen.survivors(), 3);
  EXPECT_GE(screen.survivors(), 1);
}

TEST(ScreenedHead, TakesTheLowestIdAmongEqualWords) {
  Head head(320);
  const auto x = random_floats(head.random, kColumns);
  const quant::PackedMatrix before = head.packed().output;
  const kernels::Kernels& reference = *kernels::available_kernels().back();
  const int best = reference.argmax(all_logits(reference, before, x).data(), head.words);
  for (const int copy : {3, 170, 319}) head.copy_word(best, copy);
  expect_exact(head, {x});
  for (int word = 1; word < head.words; ++word) head.copy_word(0, word);
  expect_exact(head, {x, random_floats(head.random, kColumns)});
}

// Words that differ by one step of one cold weight: less than a hundredth of what screening cannot see.
TEST(ScreenedHead, TellsWordsApartThatDifferInTheirLowestBitOnly) {
  Head head(480, 7);
  const auto x = random_floats(head.random, kColumns);
  for (int word = 1; word < head.words; ++word) head.copy_word(0, word);
  for (int word = 0; word < head.words; ++word) {
    const int input = 4 + word % 28;
    head.set_weight(word, input, static_cast<int8_t>(head.weight(word, input) ^ 1));
  }
  expect_exact(head, {x});
}

// The remainder that screening takes for 0 is as large as can be, and all of one sign: against the winner,
// for the others.
TEST(ScreenedHead, IsNotMisledByRemaindersThatAllPointOneWay) {
  Head head(320, 9);
  const std::vector<float> x(kColumns, 1.0f);
  for (int word = 0; word < head.words; ++word) {
    for (int group = 0; group < kColumns / 32; ++group)
      head.set_scale(word, group, quant::float_to_half(0.01f));
    // 47 = 0xaf - 128 and 32 = 0xa0 - 128: the same high bits
    for (int input = 0; input < kColumns; ++input) head.set_weight(word, input, word == 211 ? 47 : 32);
  }
  expect_exact(head, {x});
}

TEST(ScreenedHead, ComputesAllWhereNumbersAreTooLargeTooSmallOrNone) {
  Head head(320, 11);
  const auto usual = random_floats(head.random, kColumns);
  std::vector<std::vector<float>> rows = {usual, usual, usual, usual, usual, usual};
  rows[0].assign(kColumns, 0.0f);
  for (float& value : rows[1]) value *= 1e37f;
  for (float& value : rows[2]) value *= 1e-36f;
  rows[3][7] = NAN;
  rows[4][40] = INFINITY;
  rows[5].assign(kColumns, NAN);
  expect_exact(head, rows);
  const uint16_t odd_scales[] = {0x7c00, 0xfc00, 0x7e00, 0x7bff, 0x0001, 0x8000};
  for (const uint16_t half : odd_scales) {  // infinities, NaN, 65504, 2^-24, -0
    Head odd = head;
    odd.set_scale(77, 2, half);
    odd.set_scale(300, 0, half);
    expect_exact(odd, rows);
  }
  Head none = head;
  for (int word = 0; word < none.words; ++word) none.set_scale(word, 1, 0x7e00);
  expect_exact(none, rows);
}

TEST(ScreenedHead, WaitsLongerAndLongerWhileScreeningLeavesTooMuch) {
  Head head(320);
  for (int word = 1; word < head.words; ++word) head.copy_word(0, word);  // nothing can be ruled out
  const auto x = random_floats(head.random, kColumns);
  const PackedWeights weights = head.packed();
  const kernels::Kernels& kernels = *kernels::available_kernels().front();
  ScreenedHead screen(weights, 1, 4);
  int screenings = 0;
  for (int step = 0; step < 200; ++step) {
    if (!screen.takes(1)) continue;
    screened(kernels, screen, weights, 1, {x});
    EXPECT_EQ(screen.survivors(), screen.panels());
    ++screenings;
  }
  EXPECT_GE(screenings, 4);
  EXPECT_LE(screenings, 12);
}

TEST(ScreenedHead, TakesNoRowsOfAHeadWithoutAScreeningFormNorMoreThanItMay) {
  const PackedWeights none;
  EXPECT_FALSE(ScreenedHead(none, 2, 4).takes(1));
  const PackedWeights weights = Head(32).packed();
  EXPECT_TRUE(ScreenedHead(weights, 2, 4).takes(4));
  EXPECT_FALSE(ScreenedHead(weights, 2, 4).takes(5));
  EXPECT_FALSE(ScreenedHead(weights, 2, 4).takes(0));
}

TEST(HeadOrder, HoldsEveryInputOfEachGroupOnceTheLargestFirst) {
  for (const char* architecture : {"llama", "gemma3"}) {
    const auto bytes = support::make_tiny_gguf({.architecture = architecture});
    auto file = gguf::File::parse(bytes);
    ASSERT_TRUE(file) << file.error().message;
    const auto config = model::read_config(*file);
    ASSERT_TRUE(config) << config.error().message;
    auto weights = model::read_weights(*file, *config);
    ASSERT_TRUE(weights) << weights.error().message;
    weights->output_norm[3] = 1000.0f;
    weights->output_norm[70] = NAN;
    const auto order = head_order(*weights);
    ASSERT_EQ(order.size(), static_cast<size_t>(config->hidden));
    EXPECT_EQ(order[0], 3);
    EXPECT_EQ(order[95], 70 % 32);
    for (size_t begin = 0; begin < order.size(); begin += 32) {
      uint32_t seen = 0;
      for (size_t i = 0; i < 32; ++i) seen |= 1u << order[begin + i];
      EXPECT_EQ(seen, 0xffffffffu);
    }
  }
}

TEST(HeadOrder, IsEmptyWhereTheHeadHasNoScreeningForm) {
  const auto bytes = support::make_tiny_gguf({.embedding = gguf::TensorType::kQ6_K});
  auto file = gguf::File::parse(bytes);
  ASSERT_TRUE(file) << file.error().message;
  const auto config = model::read_config(*file);
  ASSERT_TRUE(config) << config.error().message;
  const auto weights = model::read_weights(*file, *config);
  ASSERT_TRUE(weights) << weights.error().message;
  EXPECT_TRUE(head_order(*weights).empty());
}

TEST(ScreenedHead, AGreedyRowOfAModelGetsTheGreatestOfTheLogitsThatItWouldHaveGot) {
  namespace fs = std::filesystem;
  for (const char* architecture : {"llama", "qwen2", "gemma3"}) {
    const fs::path path = fs::path(testing::TempDir()) / ("screened_" + std::string(architecture) + ".gguf");
    ASSERT_TRUE(support::write_tiny_gguf(path, {.architecture = architecture}));
    const auto model = model::Model::open(path);
    ASSERT_TRUE(model) << model.error().message;
    hardware::ThreadTeam team(2);
    StepProfile profile;
    ExecutorOptions options;
    options.profile = &profile;
    const auto executor = make_cpu_executor(*model, team, options);
    ASSERT_TRUE(executor) << executor.error().message;
    std::vector<TokenId> tokens = {5, 17, 2, 99, 43, 8};
    for (int step = 0; step < 20; ++step) {
      const auto logits = Sequence(**executor).logits(tokens, tokens.size()).back();
      const auto greatest =
          static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
      ASSERT_EQ(Sequence(**executor).argmax(tokens, tokens.size()), greatest)
          << architecture << ", step " << step;
      tokens.push_back(greatest);
    }
    EXPECT_GT(profile.screened_panels, 0u);
    EXPECT_GE(profile.surviving_panels, 1u);
    fs::remove(path);
  }
}

}  // namespace
}  // namespace riposte::executor
