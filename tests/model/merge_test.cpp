#include "model/merge.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "model/model.h"
#include "quant/decode.h"

namespace riposte::model {
namespace {

const std::filesystem::path kModels = RIPOSTE_SOURCE_DIR "/tests/executor/models";

std::vector<float> row_of(const Matrix& matrix, int32_t row) {
  std::vector<float> values(static_cast<size_t>(matrix.columns));
  quant::decode(matrix.type, matrix.row(row), values);
  return values;
}

class Merge : public testing::TestWithParam<const char*> {};

TEST_P(Merge, AddsTheAdapterToTheMatricesThatItChangesAndToNoOthers) {
  const auto base_path = kModels / (std::string(GetParam()) + ".gguf");
  const auto adapter_path = kModels / (std::string(GetParam()) + ".adapter.gguf");
  const auto base = Model::open(base_path);
  ASSERT_TRUE(base) << base.error().message;
  const auto adapter = Adapter::open(adapter_path, **base);
  ASSERT_TRUE(adapter) << adapter.error().message;
  const auto merged = Model::open_merged(base_path, adapter_path);
  ASSERT_TRUE(merged) << merged.error().message;
  EXPECT_EQ((*merged)->merged_hash, (*adapter)->hash);
  for (size_t layer = 0; layer < (*base)->weights.layers.size(); ++layer) {
    for (size_t product = 0; product < kProducts; ++product) {
      const Matrix& before = matrix_of((*base)->weights.layers[layer], static_cast<Product>(product));
      const Matrix& after = matrix_of((*merged)->weights.layers[layer], static_cast<Product>(product));
      const LowRank& pair = (*adapter)->layers[layer][product];
      ASSERT_EQ(after.rows, before.rows);
      ASSERT_EQ(after.columns, before.columns);
      if (pair.empty()) {
        EXPECT_EQ(after.type, before.type);
        continue;
      }
      EXPECT_EQ(after.type, gguf::TensorType::kQ8_0);
      for (int32_t row = 0; row < before.rows; row += 7) {
        const std::vector<float> weight = row_of(before, row), found = row_of(after, row),
                                 b = row_of(pair.b, row);
        std::vector<double> expected(weight.begin(), weight.end());
        for (int32_t rank = 0; rank < pair.a.rows; ++rank) {
          const std::vector<float> a = row_of(pair.a, rank);
          for (size_t i = 0; i < a.size(); ++i)
            expected[i] += double{pair.scale} * b[static_cast<size_t>(rank)] * a[i];
        }
        double greatest = 0.0;
        for (const double value : expected) greatest = std::max(greatest, std::fabs(value));
        for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], greatest / 127.0);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Architectures, Merge, testing::Values("llama", "qwen2", "qwen3", "gemma3"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST(OpenMerged, RefusesAnAdapterOfAnotherModel) {
  const auto merged = Model::open_merged(kModels / "llama.gguf", kModels / "qwen2.adapter.gguf");
  ASSERT_FALSE(merged);
  EXPECT_EQ(merged.error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace riposte::model
