// Screening forms: the same estimates and bounds everywhere, and no product above its bound.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/comparison.h"
#include "kernels/ops.h"
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

std::vector<uint8_t> random_order(std::mt19937& random, int columns) {
  std::vector<uint8_t> order;
  for (int begin = 0; begin < columns; begin += quant::kGroupSize) {
    std::vector<uint8_t> group(quant::kGroupSize);
    std::iota(group.begin(), group.end(), uint8_t{0});
    std::shuffle(group.begin(), group.end(), random);
    order.insert(order.end(), group.begin(), group.end());
  }
  return order;
}

std::vector<float> arranged(const std::vector<float>& x, const std::vector<uint8_t>& order) {
  std::vector<float> out(x.size());
  for (size_t i = 0; i < x.size(); ++i) out[i] = x[i / 32 * 32 + order[i]];
  return out;
}

// A random Q8_0 matrix and its screening form, and rows of activations for both.
struct Case {
  Case(uint32_t seed, int matrix_rows, int groups, int active)
      : random(seed),
        columns(groups * quant::kGroupSize),
        order(random_order(random, columns)),
        whole(gguf::TensorType::kQ8_0, matrix_rows, columns),
        screened(gguf::TensorType::kQ8_0, quant::kScreenQ8_0, matrix_rows, columns),
        plain(active, active + 1, columns),
        ordered(active, active + 1, columns),
        starts(static_cast<size_t>(groups * (active + 1))),
        radius(static_cast<size_t>(active)),
        second_radius(static_cast<size_t>(active), 0.25f) {
    const auto source = random_blocks(random, gguf::TensorType::kQ8_0,
                                      static_cast<size_t>(matrix_rows) * static_cast<size_t>(columns));
    whole.pack_panels(source, 0, whole.panels());
    screened.pack_panels(source, 0, screened.panels(), order);
    for (int r = 0; r < active; ++r) {
      auto x = random_floats(random, static_cast<size_t>(columns), 2.0f);
      if (r % 3 == 1) x[random() % x.size()] = 5000.0f;
      reference().quantize(x.data(), columns, plain.block, r);
      reference().quantize(arranged(x, order).data(), columns, ordered.block, r);
      double cold = 0.0;
      for (int g = 0; g < groups; ++g) {
        const auto at = static_cast<size_t>(g * ordered.block.width + r);
        const int8_t* q = ordered.block.q + at * 32;
        const int hot = q[0] + q[1] + q[2] + q[3];
        starts[at] = 120 * ordered.scales[at].negative_sum - 8 * hot;
        for (int i = 4; i < 32; ++i) cold += std::pow(static_cast<double>(ordered.scales[at].d) * q[i], 2);
      }
      radius[static_cast<size_t>(r)] = static_cast<float>(std::sqrt(cold) * 1.000001);
    }
  }

  std::vector<float> products(const Kernels& kernels, int64_t panel) const {
    std::vector<float> out(static_cast<size_t>(plain.block.rows) * 16);
    kernels.panel_product(
        {whole.panel(panel), &whole.layout(), whole.format(), plain.block, out.data(), 16, false, {}});
    return out;
  }

  // Estimates, then bounds.
  std::vector<float> look(const Kernels& kernels, int64_t panel) const {
    const auto rows = static_cast<size_t>(ordered.block.rows);
    std::vector<float> out(2 * rows);
    kernels.screen({screened.panel(panel), &screened.layout(), ordered.block, starts.data(), radius.data(),
                    second_radius.data(), out.data(), out.data() + rows});
    return out;
  }

  std::mt19937 random;
  int columns;
  std::vector<uint8_t> order;
  quant::PackedMatrix whole, screened;
  Activations plain, ordered;
  std::vector<int32_t> starts;
  std::vector<float> radius, second_radius;
};

TEST(Screen, every_instruction_set_sees_the_same_estimates_and_bounds) {
  for (int trial = 0; trial < 40; ++trial) {
    const Case one(static_cast<uint32_t>(100 + trial), 1 + trial % 40, 1 + trial % 9, 1 + trial % 16);
    for (int64_t panel = 0; panel < one.screened.panels(); ++panel) {
      const auto expected = one.look(reference(), panel);
      for (const Kernels* kernels : fast_kernels()) {
        ASSERT_TRUE(same_bits(expected, one.look(*kernels, panel))) << kernels->name << ", trial " << trial;
      }
    }
  }
}

TEST(Screen, no_product_exceeds_its_panels_bound_and_the_estimate_lies_between) {
  for (int trial = 0; trial < 40; ++trial) {
    const Case one(static_cast<uint32_t>(200 + trial), 16, 1 + trial % 20, 3);
    const auto seen = one.look(reference(), 0);
    const auto products = one.products(reference(), 0);
    for (size_t row = 0; row < 3; ++row) {
      const float greatest = *std::max_element(products.begin() + static_cast<ptrdiff_t>(row) * 16,
                                               products.begin() + static_cast<ptrdiff_t>(row + 1) * 16);
      EXPECT_LE(greatest, seen[3 + row] * (1 + 1e-6f) + 1e-4f);
      EXPECT_LT(seen[row], seen[3 + row]);
    }
  }
}

TEST(Screen, a_screening_panel_takes_three_fifths_of_a_whole_one) {
  for (const int columns : {512, 576, 640, 1536}) {
    const quant::PanelLayout whole(quant::kPackedQ8_0, columns), screen(quant::kScreenQ8_0, columns);
    EXPECT_LE(static_cast<double>(screen.bytes), 0.605 * static_cast<double>(whole.bytes)) << columns;
  }
}

}  // namespace
}  // namespace riposte::kernels
