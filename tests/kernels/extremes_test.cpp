// The inputs at the edge of what the exact integer sums and the comparisons of the kernels allow.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/aligned_buffer.h"
#include "kernels/comparison.h"
#include "kernels/random_data.h"
#include "quant/packed.h"

namespace riposte::kernels {
namespace {

using test::Activations;
using test::fast_kernels;
using test::random_blocks;
using test::random_floats;
using test::reference;
using test::same_bits;

TEST(Extremes, the_largest_weights_times_the_largest_activations_do_not_overflow) {
  std::mt19937 random(7);
  constexpr int kColumns = 256, kRows = 5;
  for (const gguf::TensorType type : test::kAllTypes) {
    quant::PackedMatrix matrix(type, quant::kPanelRows, kColumns);
    matrix.pack_panels(random_blocks(random, type, quant::kPanelRows * kColumns), 0, 1);
    const size_t quants = static_cast<size_t>(matrix.layout().groups) * static_cast<size_t>(matrix.format().quant_bytes());
    AlignedBuffer<std::byte> panel(matrix.layout().bytes);
    std::memcpy(panel.data(), matrix.panel(0), panel.size());
    // All weights 0; the largest of their width; 8-bit ones where the sign of a signed byte changes.
    for (const int byte : {0x00, 0xff, 0x7f, 0x80}) {
      std::memset(panel.data(), byte, quants);
      Activations activations(kRows, kRows, kColumns);
      for (int r = 0; r < kRows; ++r) {
        std::vector<float> x(kColumns);
        for (size_t i = 0; i < x.size(); ++i) {
          const bool negative = r == 1 || (r == 2 && i % 2) || (r == 3 && i % 32 < 16) || (r == 4 && random() % 2);
          x[i] = negative ? -1.0f : 1.0f;
        }
        reference().quantize(x.data(), kColumns, activations.block, r);
      }
      std::vector<float> expected(kRows * quant::kPanelRows), found(expected.size());
      PanelProduct product{panel.data(), &matrix.layout(), matrix.format(), activations.block, expected.data(),
                           quant::kPanelRows, false};
      reference().panel_product(product);
      for (const Kernels* kernels : fast_kernels()) {
        product.out = found.data();
        kernels->panel_product(product);
        ASSERT_TRUE(same_bits(expected, found)) << kernels->name << ", " << gguf::name_of(type) << ", bytes " << byte;
      }
    }
  }
}

TEST(Extremes, the_greatest_square_passes_over_NaN_wherever_it_stands) {
  std::mt19937 random(8);
  for (size_t at = 0; at < 40; ++at) {
    auto x = random_floats(random, 40);
    x[at] = NAN;
    float expected = 0.0f, found = 0.0f, sum = 0.0f;
    reference().energy(x.data(), 40, &expected, &sum);
    ASSERT_TRUE(std::isfinite(expected));
    ASSERT_TRUE(std::isnan(sum));
    for (const Kernels* kernels : fast_kernels()) {
      kernels->energy(x.data(), 40, &found, &sum);
      EXPECT_EQ(expected, found) << kernels->name << ", NaN at " << at;
      EXPECT_TRUE(std::isnan(sum)) << kernels->name << ", NaN at " << at;
    }
  }
}

TEST(Extremes, gates_beyond_the_range_of_exp_and_signed_zeros_give_the_same_bits) {
  const float gates[] = {0.0f, -0.0f, 86.9f, 87.1f, -87.1f, 88.5f, -88.5f, 1e30f, -1e30f, 3e38f, -3e38f, 1e-40f, -1e-40f,
                         INFINITY};
  constexpr int kCount = std::size(gates);
  const std::vector<float> up(kCount, -1.0f);
  std::vector<float> expected(kCount), found(kCount);
  for (const Kernels* kernels : fast_kernels()) {
    reference().silu_multiply(gates, up.data(), expected.data(), kCount);
    kernels->silu_multiply(gates, up.data(), found.data(), kCount);
    EXPECT_TRUE(same_bits(expected, found)) << kernels->name << ", silu";
    reference().gelu_multiply(gates, up.data(), expected.data(), kCount);
    kernels->gelu_multiply(gates, up.data(), found.data(), kCount);
    EXPECT_TRUE(same_bits(expected, found)) << kernels->name << ", gelu";
  }
}

TEST(Extremes, halves_are_rounded_to_even_and_may_be_subnormal) {
  std::vector<float> x;
  for (const float scale : {0x1p-26f, 0x1p-25f, 0x1p-24f, 0x1p-14f, 1.0f, 0x1p15f}) {
    // Between two halves a quarter, a half and three quarters of the way.
    for (int step = 0; step < 12; ++step) x.push_back(scale * (1.0f + static_cast<float>(step) * 0x1p-12f));
    for (int step = 0; step < 12; ++step) x.push_back(scale * static_cast<float>(step) * -0.25f);
  }
  std::vector<uint16_t> expected(x.size()), found(x.size());
  reference().to_half(x.data(), expected.data(), static_cast<int>(x.size()));
  for (const Kernels* kernels : fast_kernels()) {
    kernels->to_half(x.data(), found.data(), static_cast<int>(x.size()));
    EXPECT_EQ(expected, found) << kernels->name;
  }
}

}  // namespace
}  // namespace riposte::kernels
