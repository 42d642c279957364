// A packed weight, read back through the reference product, is the weight that the file holds.
#include <gtest/gtest.h>

#include <cmath>

#include "kernels/ops.h"
#include "kernels/random_data.h"
#include "quant/decode.h"
#include "quant/packed.h"

namespace riposte::kernels {
namespace {

TEST(Packing, every_weight_of_every_format_survives) {
  std::mt19937 random(11);
  const Kernels& reference = **find_kernels("reference");
  for (const gguf::TensorType type : test::kAllTypes) {
    constexpr int kColumns = 512, kRows = 21;
    const auto source = test::random_blocks(random, type, kRows * kColumns);
    quant::PackedMatrix matrix(type, kRows, kColumns);
    matrix.pack_panels(source, 0, 1);
    matrix.pack_panels(source, 1, 2);
    std::vector<float> weights(kRows * kColumns);
    quant::decode(type, source, weights);
    const bool rounded = matrix.format() == quant::kPackedQ8_0 && type != gguf::TensorType::kQ8_0;
    // Activations that are 127 at one input and 0 elsewhere have the scale 1: the product is 127 weights.
    std::vector<int8_t> q(kColumns);
    std::vector<GroupScale> scales(kColumns / 32);
    const ActivationBlock block{q.data(), scales.data(), 1, 1};
    for (int k = 0; k < kColumns; k += 7) {
      std::vector<float> x(kColumns);
      x[static_cast<size_t>(k)] = 127.0f;
      reference.quantize(x.data(), kColumns, block, 0);
      for (int64_t panel = 0; panel < matrix.panels(); ++panel) {
        float out[16];
        reference.panel_product({matrix.panel(panel), &matrix.layout(), matrix.format(), block, out, 16, false});
        for (int lane = 0; lane < 16; ++lane) {
          const int row = static_cast<int>(panel) * 16 + lane;
          const float expected = row < kRows ? weights[static_cast<size_t>(row * kColumns + k)] : 0.0f;
          const float tolerance = rounded ? 0.0005f : 1e-6f * std::fabs(expected) + 1e-7f;
          ASSERT_NEAR(expected, out[lane] / 127.0f, tolerance) << gguf::name_of(type) << ", row " << row << ", input " << k;
        }
      }
    }
  }
}

TEST(Packing, a_panel_needs_at_most_0_2_bits_a_weight_more_than_the_file) {
  for (const gguf::TensorType type : {gguf::TensorType::kQ4_0, gguf::TensorType::kQ4_1, gguf::TensorType::kQ5_0,
                                      gguf::TensorType::kQ8_0, gguf::TensorType::kQ4_K, gguf::TensorType::kQ5_K,
                                      gguf::TensorType::kQ6_K}) {
    const quant::PackedMatrix matrix(type, 1536, 1536);
    const gguf::BlockShape block = gguf::block_shape(type);
    const double packed_bits = static_cast<double>(matrix.bytes()) * 8 / (1536.0 * 1536.0);
    EXPECT_LE(packed_bits, block.bytes * 8.0 / block.elements + 0.2) << gguf::name_of(type);
  }
}

}  // namespace
}  // namespace riposte::kernels
