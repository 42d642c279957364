#include "model/merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "model/model.h"
#include "quant/decode.h"
#include "quant/encode.h"

namespace riposte::model {
namespace {

using gguf::TensorType;

const std::filesystem::path kModels = RIPOSTE_SOURCE_DIR "/tests/executor/models";

std::vector<float> row_of(const Matrix& matrix, int32_t row) {
  std::vector<float> values(static_cast<size_t>(matrix.columns));
  quant::decode(matrix.type, matrix.row(row), values);
  return values;
}

struct Adapted {
  std::shared_ptr<const Model> base;
  std::shared_ptr<const Adapter> adapter;

  explicit Adapted(const std::string& architecture)
      : base(*Model::open(kModels / (architecture + ".gguf"))),
        adapter(*Adapter::open(kModels / (architecture + ".adapter.gguf"), *base)) {}
};

class Merge : public testing::TestWithParam<const char*> {};

TEST_P(Merge, AddsTheAdapterToTheRowsThatAreAskedFor) {
  const Adapted model(GetParam());
  for (size_t layer = 0; layer < model.base->weights.layers.size(); ++layer) {
    for (size_t product = 0; product < kProducts; ++product) {
      const Matrix& weight = matrix_of(model.base->weights.layers[layer], static_cast<Product>(product));
      const LowRank& pair = model.adapter->layers[layer][product];
      if (pair.empty()) continue;
      const auto columns = static_cast<size_t>(weight.columns);
      constexpr float kUntouched = 77.0f;
      std::vector<float> sums(static_cast<size_t>(weight.rows) * columns, kUntouched);
      const int32_t begin = 3, end = weight.rows - 2;
      ASSERT_TRUE(
          merge_rows(pair, weight, TensorType::kF32, begin, end, std::as_writable_bytes(std::span(sums))));
      for (int32_t row = 0; row < weight.rows; ++row) {
        const auto found = std::span(sums).subspan(static_cast<size_t>(row) * columns, columns);
        if (row < begin || row >= end) {
          EXPECT_TRUE(std::ranges::all_of(found, [](float value) { return value == kUntouched; }));
          continue;
        }
        const std::vector<float> before = row_of(weight, row), b = row_of(pair.b, row);
        std::vector<double> expected(before.begin(), before.end());
        for (int32_t rank = 0; rank < pair.a.rows; ++rank) {
          const std::vector<float> a = row_of(pair.a, rank);
          for (size_t i = 0; i < columns; ++i)
            expected[i] += double{pair.scale} * b[static_cast<size_t>(rank)] * a[i];
        }
        for (size_t i = 0; i < columns; ++i) EXPECT_NEAR(found[i], expected[i], 1e-5);
      }
      // In four bits: the same sums, rounded.
      if (columns % 32 != 0) continue;
      std::vector<std::byte> blocks(static_cast<size_t>(weight.rows) * columns / 32 * 20),
          expected(columns / 32 * 20);
      ASSERT_TRUE(merge_rows(pair, weight, TensorType::kQ4_1, begin, end, blocks));
      quant::encode_q4_1(std::span(sums).subspan(static_cast<size_t>(begin) * columns, columns), expected);
      const auto found =
          std::span(blocks).subspan(static_cast<size_t>(begin) * expected.size(), expected.size());
      EXPECT_TRUE(std::ranges::equal(found, expected));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Architectures, Merge, testing::Values("llama", "qwen2", "qwen3", "gemma3"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(MergeRows, RefusesWhatABlockCannotHold) {
  const std::vector<float> weight(32, 1.0f), a(32, 1.0f), b(1, 70000.0f);
  const auto matrix = [](const std::vector<float>& values, int32_t columns) {
    return Matrix{TensorType::kF32, 1, columns, std::as_bytes(std::span(values))};
  };
  std::vector<float> out(32);
  const auto bytes = std::as_writable_bytes(std::span(out));
  EXPECT_FALSE(
      merge_rows({matrix(a, 32), matrix(b, 1), 1.0f}, matrix(weight, 32), TensorType::kF32, 0, 1, bytes));
  EXPECT_FALSE(
      merge_rows({matrix(a, 32), matrix(b, 1), 1e38f}, matrix(weight, 32), TensorType::kF32, 0, 1, bytes));
  EXPECT_TRUE(
      merge_rows({matrix(a, 32), matrix(b, 1), 0.5f}, matrix(weight, 32), TensorType::kF32, 0, 1, bytes));
}

TEST(MergedType, IsTheOneThatWasTrainedForWhereItsBlocksFit) {
  const Adapted model("qwen3");
  Weights base = model.base->weights;
  EXPECT_EQ(merged_type(*model.adapter, base, Merging::kAsTrained), std::nullopt) << "it says nothing";
  EXPECT_EQ(merged_type(*model.adapter, base, Merging::kAll), TensorType::kF32);
  auto trained = *Adapter::read(*gguf::File::open(kModels / "qwen3.adapter.gguf"), model.base->config, base);
  trained.merges_into = TensorType::kQ4_1;
  EXPECT_EQ(merged_type(trained, base, Merging::kAsTrained), TensorType::kQ4_1);
  EXPECT_EQ(merged_type(trained, base, Merging::kAll), TensorType::kQ4_1);
  EXPECT_EQ(merged_type(trained, base, Merging::kNone), std::nullopt);
  base.layers[1].down.columns += 16;
  EXPECT_EQ(merged_type(trained, base, Merging::kAsTrained), std::nullopt) << "no whole blocks";
  EXPECT_EQ(merged_type(trained, base, Merging::kAll), TensorType::kF32);
  trained.layers[1][static_cast<size_t>(Product::kDown)] = {};
  EXPECT_EQ(merged_type(trained, base, Merging::kAsTrained), TensorType::kQ4_1) << "that one is not changed";
}

}  // namespace
}  // namespace riposte::model
