// Products of 1 to 40 rows, with and without second planes, against each row alone and against the reference.

#include "executor/cpu/quantized_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/random_data.h"

namespace riposte::executor {
namespace {

constexpr int32_t kColumns = 1280;  // five superblocks
constexpr int32_t kRows = 44;       // of the matrix: the last panel is not full
constexpr size_t kStride = 48;

// The product of rows [begin, end) of `inputs`, computed in one set: [rows][kStride].
std::vector<float> product(const kernels::Kernels& kernels, const quant::PackedMatrix& matrix,
                           const std::vector<std::vector<float>>& inputs, size_t begin, size_t end) {
  QuantizedRows rows(40, kColumns, 1);
  rows.reset(static_cast<int32_t>(end - begin));
  for (size_t row = begin; row < end; ++row) {
    rows.set(kernels, static_cast<int32_t>(row - begin), 0, inputs[row].data(), kColumns, row % 7 == 3);
  }
  std::vector<float> out((end - begin) * kStride, 0.25f);
  rows.multiply(kernels, 0, matrix, {0, matrix.panels()}, out.data(), kStride, true);
  return out;
}

TEST(QuantizedRows, ARowOf1To40HasTheBitsOfTheReferenceAlone) {
  std::mt19937 random(21);
  std::vector<std::vector<float>> inputs;
  for (size_t row = 0; row < 40; ++row) {
    inputs.push_back(test::random_floats(random, kColumns));
    inputs.back()[500] = 300.0f;  // a dimension that is large in every row: a second plane each
    inputs.back()[row * 31] = -200.0f;  // and one that is large in this row only
  }
  for (const gguf::TensorType type : test::kAllTypes) {
    const auto source = test::random_blocks(random, type, size_t{kRows} * kColumns);
    quant::PackedMatrix matrix(type, kRows, kColumns);
    matrix.pack_panels(source, 0, matrix.panels());
    std::vector<std::vector<float>> alone;
    for (size_t row = 0; row < inputs.size(); ++row) {
      alone.push_back(product(**kernels::find_kernels("reference"), matrix, inputs, row, row + 1));
    }
    for (const kernels::Kernels* kernels : kernels::available_kernels()) {
      if (kernels->name == "reference") continue;
      for (size_t count = 1; count <= 40; ++count) {
        const std::vector<float> together = product(*kernels, matrix, inputs, 0, count);
        for (size_t row = 0; row < count; ++row) {
          ASSERT_TRUE(std::equal(alone[row].begin(), alone[row].end(), together.begin() + static_cast<int64_t>(row * kStride)))
              << kernels->name << ", " << gguf::name_of(type) << ", row " << row << " of " << count;
        }
      }
    }
  }
}

TEST(QuantizedRows, ASecondPlaneKeepsSmallValuesBesideAHugeOne) {
  std::mt19937 random(22);
  const kernels::Kernels& kernels = *kernels::available_kernels().front();
  auto x = test::random_floats(random, kColumns);
  x[100] = 8000.0f;
  const auto source = test::random_blocks(random, gguf::TensorType::kQ8_0, size_t{16} * kColumns);
  quant::PackedMatrix matrix(gguf::TensorType::kQ8_0, 16, kColumns);
  matrix.pack_panels(source, 0, 1);
  const auto value_of = [&](std::vector<float> input, bool two_planes) {
    QuantizedRows rows(1, kColumns, 1);
    rows.reset(1);
    rows.set(kernels, 0, 0, input.data(), kColumns, two_planes);
    if (two_planes) {
      EXPECT_EQ(rows.second_planes_of(0), kColumns / 32);
    }
    std::vector<float> out(16);
    rows.multiply(kernels, 0, matrix, {0, 1}, out.data(), 16, false);
    return out;
  };
  // A product is linear: without the huge value's own share, what is left is the share of the small ones.
  std::vector<float> only_huge(kColumns), small = x;
  only_huge[100] = x[100];
  small[100] = 0.0f;
  const auto huge = value_of(only_huge, true), expected = value_of(small, true);
  double without = 0.0, one_plane = 0.0, two_planes = 0.0;
  const auto alone = value_of(small, false), one = value_of(x, false), two = value_of(x, true);
  for (size_t i = 0; i < 16; ++i) {
    without += std::abs(double{alone[i]} - expected[i]);
    one_plane += std::abs(double{one[i]} - huge[i] - expected[i]);
    two_planes += std::abs(double{two[i]} - huge[i] - expected[i]);
  }
  EXPECT_LT(one_plane, 2 * without) << "the huge value's group has a second plane in any case";
  EXPECT_LT(two_planes, without / 5);
}

// The rows of one group at once, as adapters set them, and each row by itself.
TEST(QuantizedRows, AGroupOfSeveralRowsIsWhatEachRowGivesAlone) {
  std::mt19937 random(24);
  constexpr int32_t kGroups = 3;
  for (const kernels::Kernels* kernels : kernels::available_kernels()) {
    for (int32_t count = 1; count <= 16; ++count) {
      const RowSegment segment{17, 17 + count > 32 ? 32 : 17 + count};  // of the second block
      const auto rows = static_cast<size_t>(segment.end - segment.begin);
      std::vector<uint8_t> all_second(rows);
      for (uint8_t& always : all_second) always = random() % 4 == 0;
      QuantizedRows expected(40, kGroups * quant::kGroupSize, 1), found(40, kGroups * quant::kGroupSize, 1);
      expected.reset(40);
      found.reset(40);
      for (int32_t group = 0; group < kGroups; ++group) {
        std::vector<float> values = test::random_floats(random, rows * quant::kGroupSize);
        values[random() % values.size()] = 200.0f;  // dominates its group
        if (group == 1) std::fill_n(values.begin(), quant::kGroupSize, 0.0f);
        for (size_t row = 0; row < rows; ++row) {
          expected.set(*kernels, segment.begin + static_cast<int32_t>(row), group * quant::kGroupSize,
                       values.data() + row * quant::kGroupSize, quant::kGroupSize, all_second[row] != 0);
        }
        found.set_group(*kernels, segment, group, values.data(), all_second);
        for (int32_t row = segment.begin; row < segment.end; ++row) {
          const QuantizedRows::GroupPlanes a = expected.group(row, group), b = found.group(row, group);
          ASSERT_EQ(std::memcmp(a.q, b.q, quant::kGroupSize), 0) << kernels->name << ", row " << row;
          ASSERT_EQ(std::memcmp(a.scale, b.scale, sizeof *a.scale), 0) << kernels->name << ", row " << row;
          ASSERT_EQ(a.second_scale == nullptr, b.second_scale == nullptr) << kernels->name << ", row " << row;
          if (a.second_scale == nullptr) continue;
          ASSERT_EQ(std::memcmp(a.second_scale, b.second_scale, sizeof *a.scale), 0) << kernels->name << ", row " << row;
        }
      }
    }
  }
}

}  // namespace
}  // namespace riposte::executor
