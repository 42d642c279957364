// Every instruction set of this machine against the reference, bit for bit.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/aligned_buffer.h"
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

TEST(BitEquality, panel_products_of_every_format_and_1_to_16_rows) {
  std::mt19937 random(1);
  for (const gguf::TensorType type : test::kAllTypes) {
    const auto elements = static_cast<int>(gguf::block_shape(type).elements);
    for (int trial = 0; trial < 24; ++trial) {
      const int blocks = 1 + static_cast<int>(random() % (elements == 256 ? 5 : elements == 32 ? 20 : 300));
      const int columns = blocks * elements;
      const int rows = 1 + static_cast<int>(random() % 40);  // of the matrix
      const auto source = random_blocks(random, type, static_cast<size_t>(rows) * static_cast<size_t>(columns));
      quant::PackedMatrix matrix(type, rows, columns);
      matrix.pack_panels(source, 0, matrix.panels());
      const int active = 1 + trial % 16;
      const int width = active + static_cast<int>(random() % 3);
      Activations activations(active, width, columns);
      for (int r = 0; r < active; ++r) {
        auto x = random_floats(random, static_cast<size_t>(columns), 2.0f);
        if (r % 3 == 1) x[random() % x.size()] = 5000.0f;  // an outlier
        if (r % 5 == 2) std::fill(x.begin(), x.end(), 0.0f);
        reference().quantize(x.data(), columns, activations.block, r);
      }
      const size_t misalignment = random() % 16;
      const size_t stride = 16 + random() % 7;
      for (int64_t panel = 0; panel < matrix.panels(); ++panel) {
        const auto before = random_floats(random, misalignment + stride * 16);
        auto expected = before;
        PanelProduct product{matrix.panel(panel), &matrix.layout(), matrix.format(), activations.block,
                             expected.data() + misalignment, stride, trial % 2 == 1};
        reference().panel_product(product);
        for (const Kernels* kernels : fast_kernels()) {
          auto found = before;
          product.out = found.data() + misalignment;
          kernels->panel_product(product);
          ASSERT_TRUE(same_bits(expected, found)) << kernels->name << ", " << gguf::name_of(type) << ", " << active
                                                  << " rows, " << columns << " columns, panel " << panel;
        }
      }
    }
  }
}

quant::PackedMatrix random_panel(std::mt19937& random, gguf::TensorType type, int columns) {
  const auto source = random_blocks(random, type, 16 * columns);
  quant::PackedMatrix matrix(type, 16, columns);
  matrix.pack_panels(source, 0, 1);
  return matrix;
}

// Random rows, and what quantising them might have left.
struct TwoPlanes {
  Activations first, second;

  TwoPlanes(std::mt19937& random, int rows, int columns) : first(rows, 16, columns), second(rows, 16, columns) {
    for (int row = 0; row < rows; ++row) {
      reference().quantize(random_floats(random, columns).data(), columns, first.block, row);
      reference().quantize(random_floats(random, columns, 0.01f).data(), columns, second.block, row);
    }
  }
};

TEST(BitEquality, second_planes_of_whole_rows_are_added_after_the_first) {
  std::mt19937 random(9);
  constexpr int kColumns = 512;
  for (const gguf::TensorType type : test::kAllTypes) {
    const quant::PackedMatrix matrix = random_panel(random, type, kColumns);
    for (int rows = 1; rows <= 16; ++rows) {
      const TwoPlanes planes(random, rows, kColumns);
      std::vector<int32_t> second_rows;
      for (int r = 0; r < rows; ++r) {
        if (rows == 16 || (r + rows) % 3 == 0) second_rows.push_back(r);
      }
      for (const bool add : {false, true}) {
        const auto before = random_floats(random, 16 * 16);
        auto expected = before;
        PanelProduct product{matrix.panel(0), &matrix.layout(), matrix.format(), planes.first.block, expected.data(), 16, add};
        reference().panel_product(product);
        for (const int32_t row : second_rows) {
          ActivationBlock one = planes.second.block;
          one.q += row * quant::kGroupSize;
          one.scales += row;
          one.rows = 1;
          reference().panel_product({matrix.panel(0), &matrix.layout(), matrix.format(), one, expected.data() + row * 16, 16, true});
        }
        product.second = planes.second.block;
        product.second_rows = second_rows;
        for (const Kernels* kernels : available_kernels()) {
          auto found = before;
          product.out = found.data();
          kernels->panel_product(product);
          ASSERT_TRUE(same_bits(expected, found)) << kernels->name << ", " << gguf::name_of(type) << ", " << rows << " rows";
        }
      }
    }
  }
}

TEST(BitEquality, second_planes_of_some_groups_are_added_after_the_first) {
  std::mt19937 random(11);
  constexpr int kColumns = 512;
  constexpr int32_t kGroups = kColumns / quant::kGroupSize;
  for (const gguf::TensorType type : test::kAllTypes) {
    const quant::PackedMatrix matrix = random_panel(random, type, kColumns);
    for (int rows = 1; rows <= 16; ++rows) {
      const TwoPlanes planes(random, rows, kColumns);
      // Row 2 has all groups, row 3 none, the others a few; groups 6 and 7 many rows that follow each other.
      std::vector<int32_t> whole;
      if (rows > 2) whole.push_back(2);
      std::vector<RowGroup> some;
      for (int32_t group = 0; group < kGroups; ++group) {
        for (int32_t row = 0; row < rows; ++row) {
          if (row != 2 && row != 3 && (group / 2 == 3 || random() % 8 == 0)) some.push_back({group, row});
        }
      }
      for (const bool add : {false, true}) {
        for (const bool has_whole : {false, true}) {
          const auto before = random_floats(random, 16 * 16);
          auto expected = before;
          PanelProduct product{matrix.panel(0), &matrix.layout(), matrix.format(), planes.first.block, expected.data(), 16, add};
          reference().panel_product(product);
          const auto without = expected;
          expected = before;
          product.second = planes.second.block;
          product.second_groups = some;
          if (has_whole) product.second_rows = whole;
          reference().panel_product(product);
          for (int row = 0; row < rows; ++row) {
            const bool named = std::ranges::any_of(some, [row](const RowGroup& entry) { return entry.row == row; });
            const bool same = std::equal(expected.begin() + row * 16, expected.begin() + row * 16 + 16, without.begin() + row * 16);
            EXPECT_EQ(same, !named && !(has_whole && row == 2)) << "the reference, row " << row;
          }
          for (const Kernels* kernels : available_kernels()) {
            auto found = before;
            product.out = found.data();
            kernels->panel_product(product);
            ASSERT_TRUE(same_bits(expected, found)) << kernels->name << ", " << gguf::name_of(type) << ", " << rows << " rows";
          }
        }
      }
    }
  }
}

TEST(BitEquality, a_row_has_the_same_bits_alone_and_in_any_company) {
  std::mt19937 random(2);
  constexpr int kColumns = 512;
  const quant::PackedMatrix matrix = random_panel(random, gguf::TensorType::kQ4_K, kColumns);
  std::vector<std::vector<float>> rows;
  for (int r = 0; r < 16; ++r) rows.push_back(random_floats(random, kColumns));
  for (const Kernels* kernels : available_kernels()) {
    std::vector<std::vector<float>> alone;
    for (const auto& row : rows) {
      Activations one(1, 1, kColumns);
      kernels->quantize(row.data(), kColumns, one.block, 0);
      alone.emplace_back(16);
      kernels->panel_product({matrix.panel(0), &matrix.layout(), matrix.format(), one.block, alone.back().data(), 16, false});
    }
    for (int count = 2; count <= 16; ++count) {
      Activations many(count, count, kColumns);
      for (int r = 0; r < count; ++r) kernels->quantize(rows[static_cast<size_t>(r)].data(), kColumns, many.block, r);
      std::vector<float> out(static_cast<size_t>(count) * 16);
      kernels->panel_product({matrix.panel(0), &matrix.layout(), matrix.format(), many.block, out.data(), 16, false});
      for (size_t r = 0; r < static_cast<size_t>(count); ++r) {
        ASSERT_TRUE(same_bits(alone[r], std::span(out).subspan(r * 16, 16))) << kernels->name << ", row " << r;
      }
    }
  }
}

TEST(BitEquality, quantisation_and_what_it_leaves_over) {
  std::mt19937 random(3);
  for (int trial = 0; trial < 300; ++trial) {
    const int n = 1 + static_cast<int>(random() % 200);
    auto x = random_floats(random, static_cast<size_t>(n), std::exp2(static_cast<float>(random() % 40) - 20.0f));
    switch (trial % 10) {
      case 1: x[random() % x.size()] = INFINITY; break;
      case 2: x[random() % x.size()] = NAN; break;
      case 3: std::fill(x.begin(), x.end(), 1e-39f); break;
      case 4: std::fill(x.begin(), x.end(), -0.0f); break;
      case 5: x[random() % x.size()] = 3e38f; break;
      case 6:  // every value halfway between two steps
        for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(static_cast<int>(random() % 253) - 126) + 0.5f;
        x[0] = 127.0f;
        break;
      default: break;
    }
    Activations expected(2, 3, n);
    reference().quantize(x.data(), n, expected.block, 1);
    std::vector<float> left(x.size());
    reference().residual(x.data(), n, expected.block, 1, left.data());
    for (const Kernels* kernels : fast_kernels()) {
      Activations found(2, 3, n);
      kernels->quantize(x.data(), n, found.block, 1);
      ASSERT_EQ(expected.q, found.q) << kernels->name << ", trial " << trial;
      ASSERT_EQ(0, std::memcmp(expected.scales.data(), found.scales.data(), expected.scales.size() * sizeof(GroupScale)))
          << kernels->name << ", trial " << trial;
      if (trial % 10 == 1 || trial % 10 == 2) continue;  // the payload of a NaN is nobody's business
      std::vector<float> left_found(x.size());
      kernels->residual(x.data(), n, found.block, 1, left_found.data());
      ASSERT_TRUE(same_bits(left, left_found)) << kernels->name << ", trial " << trial;
    }
  }
}

TEST(BitEquality, operations_along_a_row_of_any_length_and_alignment) {
  std::mt19937 random(4);
  for (int trial = 0; trial < 200; ++trial) {
    const int n = 1 + static_cast<int>(random() % 100);
    const size_t offset = random() % 5;
    const size_t size = static_cast<size_t>(n) + offset;
    const auto x = random_floats(random, size, trial % 2 ? 1.0f : 30.0f), y = random_floats(random, size);
    const auto z = random_floats(random, size), w = random_floats(random, size);
    for (const Kernels* kernels : fast_kernels()) {
      const auto compare = [&](const char* what, auto&& operation) {
        auto expected = y, found = y;
        auto expected_second = z, found_second = z;
        operation(reference(), expected.data() + offset, expected_second.data() + offset);
        operation(*kernels, found.data() + offset, found_second.data() + offset);
        ASSERT_TRUE(same_bits(expected, found)) << kernels->name << ", " << what << ", n " << n;
        ASSERT_TRUE(same_bits(expected_second, found_second)) << kernels->name << ", " << what << ", n " << n;
      };
      const float* input = x.data() + offset;
      const float* other = w.data() + offset;
      compare("rms_norm", [&](const Kernels& k, float* out, float*) { k.rms_norm(input, other, 1e-6f, out, n); });
      compare("silu", [&](const Kernels& k, float* out, float*) { k.silu_multiply(input, other, out, n); });
      compare("gelu", [&](const Kernels& k, float* out, float*) { k.gelu_multiply(input, other, out, n); });
      compare("add", [&](const Kernels& k, float* out, float*) { k.add(input, out, n); });
      compare("scale", [&](const Kernels& k, float* out, float*) { k.scale(input, 0.3f, out, n); });
      compare("rotate", [&](const Kernels& k, float* a, float* b) { k.rotate(a, b, input, other, n); });
      compare("energy", [&](const Kernels& k, float* a, float* b) { k.energy(input, n, a, b); });
      std::vector<uint16_t> expected(size), found(size);
      auto extreme = x;
      extreme[random() % size] = trial % 3 == 0 ? 1e9f : trial % 3 == 1 ? -INFINITY : NAN;
      reference().to_half(extreme.data() + offset, expected.data() + offset, n);
      kernels->to_half(extreme.data() + offset, found.data() + offset, n);
      ASSERT_EQ(expected, found) << kernels->name << ", to_half";
    }
  }
}

TEST(BitEquality, argmax_takes_the_lowest_index_among_equals_and_passes_over_NaN) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 200; ++trial) {
    const int n = 1 + static_cast<int>(random() % 70);
    std::vector<float> x(static_cast<size_t>(n));
    for (float& value : x) value = static_cast<float>(random() % 9);
    if (trial % 4 == 0) x[random() % x.size()] = NAN;
    if (trial % 50 == 1) std::fill(x.begin(), x.end(), NAN);
    if (trial % 50 == 2) std::fill(x.begin(), x.end(), -INFINITY);
    int expected = 0;
    for (int i = 0; i < n; ++i) {
      const float best = x[static_cast<size_t>(expected)];
      if (x[static_cast<size_t>(i)] > best || (std::isnan(best) && !std::isnan(x[static_cast<size_t>(i)]) &&
                                               x[static_cast<size_t>(i)] > -INFINITY)) {
        expected = i;
      }
    }
    for (const Kernels* kernels : available_kernels()) EXPECT_EQ(expected, kernels->argmax(x.data(), n)) << kernels->name;
  }
}

TEST(BitEquality, attention_over_scattered_pages_and_windows) {
  std::mt19937 random(6);
  for (int trial = 0; trial < 120; ++trial) {
    const int head_size = 16 * (1 + static_cast<int>(random() % 9));
    const int queries = 1 + static_cast<int>(random() % 9);
    const int rows = 1 + static_cast<int>(random() % 5);
    std::vector<KeyRange> ranges;
    const int last = static_cast<int>(random() % 150);
    for (int row = 0; row < rows; ++row) {
      const int end = 1 + (trial % 2 == 0 ? last + row : static_cast<int>(random() % 150));
      ranges.push_back({trial % 3 == 0 ? static_cast<int>(random() % static_cast<unsigned>(end)) : 0, end});
    }
    const int end = std::ranges::max(ranges, {}, &KeyRange::end).end;
    const int pages = (end + 15) / 16;
    const size_t page_stride = static_cast<size_t>(head_size) * 16 * 2;
    const int memory_pages = pages + 3;
    std::vector<uint16_t> keys(page_stride * static_cast<size_t>(memory_pages)), values(keys.size());
    const auto fill = [&](std::vector<uint16_t>& halves) {
      const auto floats = random_floats(random, halves.size());
      reference().to_half(floats.data(), halves.data(), static_cast<int>(halves.size()));
    };
    fill(keys);
    fill(values);
    std::vector<int32_t> table(static_cast<size_t>(memory_pages));
    for (size_t i = 0; i < table.size(); ++i) table[i] = static_cast<int32_t>(i);
    std::shuffle(table.begin(), table.end(), random);
    // What lies in slots that nobody wrote must not matter.
    for (int slot = end % 16; end % 16 != 0 && slot < 16; ++slot) {
      const size_t page = static_cast<size_t>(table[static_cast<size_t>(pages - 1)]) * page_stride;
      for (int i = 0; i < head_size; ++i) {
        keys[page + static_cast<size_t>(i * 16 + slot)] = 0x7e00;
        values[page + static_cast<size_t>(slot * head_size + i)] = 0x7e00;
      }
    }
    const auto stride = static_cast<size_t>(queries * head_size + 16);
    const auto query = random_floats(random, static_cast<size_t>(rows) * stride, 0.3f);
    std::vector<float> scores(kMostQueries * static_cast<size_t>(end + 32));
    std::vector<float> expected(query.size()), found(query.size());
    AttentionHeads heads{query.data(), stride,      rows,         queries,       head_size,     keys.data(),
                         values.data(), page_stride, table.data(), ranges.data(), scores.data(), expected.data(), stride};
    reference().attention(heads);
    for (const float value : expected) ASSERT_TRUE(std::isfinite(value));
    for (const Kernels* kernels : fast_kernels()) {
      heads.out = found.data();
      kernels->attention(heads);
      ASSERT_TRUE(same_bits(expected, found)) << kernels->name << ", head size " << head_size << ", " << queries
                                              << " queries of " << rows << " rows, positions up to " << end;
    }
  }
}

}  // namespace
}  // namespace riposte::kernels
