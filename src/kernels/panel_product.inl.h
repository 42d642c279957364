// A panel times a few rows of activations, once for every instruction set (see vector_ops.inl.h).
//
// For every group the panel's 512 weights are unpacked once into 8 vectors and used by all rows. Up to 4 rows keep their
// sums in registers; more rows keep them in the first-level cache and go through the group 4 at a time, so that enough
// independent dot products are under way.
//
// D is an instruction set's dot product: D::dot<bits, columns>(start, weights, activations) = start + the sum over the
// columns of 4-way products of unsigned weights and signed activations, in every lane.
#pragma once

#include "kernels/ops.h"
#include "quant/packed.h"

namespace {

using riposte::kernels::ActivationBlock;
using riposte::kernels::GroupScale;
using riposte::kernels::PanelProduct;
using riposte::kernels::RowGroup;
using riposte::quant::kGroupColumns;
using riposte::quant::kGroupsPerSuperblock;
using riposte::quant::kPanelRows;
using riposte::quant::PackedFormat;
using riposte::quant::ScaleKind;
namespace quant = riposte::quant;

constexpr int kMostRows = riposte::kernels::kMostBlockRows;

constexpr int log2_of(int power) { return power <= 1 ? 0 : 1 + log2_of(power / 2); }

// The 8 columns of a group, one byte a weight. `part` is the vector's share of the panel's rows.
template <class S, int bits, int column>
[[gnu::always_inline]] inline typename S::I unpack_column(const std::byte* group, int part) {
  constexpr int kBytes = S::kRows * 4;
  const std::byte* at = group + part * kBytes;
  if constexpr (bits == 8) return S::load(at + column * 64);
  const auto nibbles = S::load(at + column % 4 * 64);
  const auto low = S::bits_and(column < 4 ? nibbles : S::template shift_right16<4>(nibbles), S::broadcast8(15));
  if constexpr (bits == 4) return low;
  if constexpr (bits == 5) {
    const auto plane = S::load(at + 256);
    const auto moved = column <= 4 ? S::template shift_left16<(column <= 4 ? 4 - column : 0)>(plane)
                                   : S::template shift_right16<(column <= 4 ? 0 : column - 4)>(plane);
    return S::bits_or(low, S::bits_and(moved, S::broadcast8(16)));
  } else {
    constexpr int at_bit = column % 4 * 2;
    const auto plane = S::load(at + 256 + column / 4 * 64);
    const auto moved = at_bit <= 4 ? S::template shift_left16<(at_bit <= 4 ? 4 - at_bit : 0)>(plane)
                                   : S::template shift_right16<(at_bit <= 4 ? 0 : at_bit - 4)>(plane);
    return S::bits_or(low, S::bits_and(moved, S::broadcast8(48)));
  }
}

template <class S, int bits>
[[gnu::always_inline]] inline void unpack_group(const std::byte* group, int part, typename S::I (&weights)[kGroupColumns]) {
  weights[0] = unpack_column<S, bits, 0>(group, part);
  weights[1] = unpack_column<S, bits, 1>(group, part);
  weights[2] = unpack_column<S, bits, 2>(group, part);
  weights[3] = unpack_column<S, bits, 3>(group, part);
  weights[4] = unpack_column<S, bits, 4>(group, part);
  weights[5] = unpack_column<S, bits, 5>(group, part);
  weights[6] = unpack_column<S, bits, 6>(group, part);
  weights[7] = unpack_column<S, bits, 7>(group, part);
}

// Asks for this group's share of what is read soon. Left to itself the hardware follows a panel's streams only to the end of
// a 4 KiB page, and a core then waits for memory half of the time.
template <class S, PackedFormat format>
void prefetch_ahead(const PanelProduct& product, int64_t g) {
  if (product.ahead == nullptr) return;
  constexpr int kScaleBytes = kPanelRows * (format.scales == ScaleKind::kK32 ? 1 : 2);
  constexpr int kBytes = format.quant_bytes() + kScaleBytes * (format.has_minimum ? 2 : 1) +
                         (format.scales == ScaleKind::kHalf32 ? 0 : kPanelRows * 2 * (format.has_minimum ? 2 : 1) / 8);
  const std::byte* at = product.ahead + g * kBytes;
#pragma GCC unroll 10
  for (int offset = 0; offset < kBytes; offset += 64) S::prefetch(at + offset);
}

template <class S>
void store_row(const PanelProduct& product, bool add, int row, int part, typename S::F acc) {
  float* out = product.out + static_cast<size_t>(row) * product.out_stride + part * S::kRows;
  S::store_f(out, add ? S::add(S::load_f(out), acc) : acc);
}

// A group of a panel, ready for any number of rows.
template <class S, class D, PackedFormat format>
struct DotGroup {
  using F = typename S::F;
  using Sum = F;                                          // of a row
  static constexpr int kPasses = kPanelRows / S::kRows;  // over the panel, each for a part of its rows

  typename S::I weights[kGroupColumns];
  F scale;             // kHalf32, kK32: of a weight. kK16: d0
  F half_scales[2];    // kK16
  F minimum;           // kHalf32, kK32: of a weight. kK16: m0
  F half_minimums[2];  // kK16

  static Sum zero() { return S::zero_f(); }
  static void store(const PanelProduct& product, bool add, int row, int part, Sum sum) {
    store_row<S>(product, add, row, part, sum);
  }

  [[gnu::always_inline]] void load(const PanelProduct& product, int64_t g, int part) {
    const quant::PanelLayout& layout = *product.layout;
    const int lane = part * S::kRows;
    const std::byte* panel = product.panel;
    unpack_group<S, format.bits>(panel + g * format.quant_bytes(), part, weights);
    const int64_t at = g * kPanelRows + lane;
    const int64_t super = (g / kGroupsPerSuperblock * kPanelRows + lane) * 2;
    if constexpr (format.scales == ScaleKind::kHalf32) {
      scale = S::load_halves(panel + layout.scales + at * 2);
      if constexpr (format.has_minimum) minimum = S::load_halves(panel + layout.minimums + at * 2);
    } else if constexpr (format.scales == ScaleKind::kK32) {
      scale = S::multiply(S::load_halves(panel + layout.d + super), S::load_uint8(panel + layout.scales + at));
      if constexpr (format.has_minimum) {
        minimum = S::multiply(S::load_halves(panel + layout.m0 + super), S::load_uint8(panel + layout.minimums + at));
      }
    } else {
      scale = S::load_halves(panel + layout.d + super);
      if constexpr (format.has_minimum) minimum = S::load_halves(panel + layout.m0 + super);
      for (int half = 0; half < 2; ++half) {
        const int64_t at_half = (g * 2 + half) * kPanelRows + lane;
        half_scales[half] = S::load_int8(panel + layout.scales + at_half);
        if constexpr (format.has_minimum) half_minimums[half] = S::load_uint8(panel + layout.minimums + at_half);
      }
    }
  }

  // acc[r] = the definition's step for this group, rows `row` .. row + kRows - 1.
  template <int kRows>
  [[gnu::always_inline]] void multiply(const ActivationBlock& block, int64_t g, int row, Sum* acc) const {
    constexpr int shift = log2_of(format.offset);
    const int64_t at = g * block.width + row;
    const auto* q = reinterpret_cast<const int32_t*>(block.q + at * quant::kGroupSize);
    const GroupScale* scales = block.scales + at;
    // -(offset * sum of q): where the dot product starts.
    const auto start = [](int32_t negative_sum) {
      if constexpr (format.offset == 0) return S::zero();
      return S::template shift_left32<shift>(S::broadcast(negative_sum));
    };
    if constexpr (format.scales != ScaleKind::kK16) {
      typename S::I dot[kRows];
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) dot[r] = start(scales[r].negative_sum);
      D::template dot<format.bits, kGroupColumns, kRows>(dot, weights, q);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        acc[r] = S::fma(S::to_float(dot[r]), S::multiply(scale, S::broadcast_f(scales[r].d)), acc[r]);
        if constexpr (format.has_minimum) acc[r] = S::fma(minimum, S::broadcast_f(scales[r].d_sum), acc[r]);
      }
    } else {
      // |dot| <= 16 * 32 * 127 and |s| <= 128: both products and their sum are below 2^24, exact in float32 too.
      typename S::I dots[2][kRows];
#pragma GCC unroll 2
      for (int half = 0; half < 2; ++half) {
#pragma GCC unroll 4
        for (int r = 0; r < kRows; ++r) dots[half][r] = start(scales[r].negative_half_sums[half]);
        D::template dot<format.bits, kGroupColumns / 2, kRows>(dots[half], weights + half * (kGroupColumns / 2),
                                                              q + half * (kGroupColumns / 2));
      }
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        const auto first = S::multiply(S::to_float(dots[0][r]), half_scales[0]);
        const auto scaled = S::fma(S::to_float(dots[1][r]), half_scales[1], first);
        acc[r] = S::fma(scaled, S::multiply(scale, S::broadcast_f(scales[r].d)), acc[r]);
        if constexpr (format.has_minimum) {
          const auto sum = S::multiply(S::broadcast_f(static_cast<float>(-scales[r].negative_half_sums[0])), half_minimums[0]);
          const auto sums = S::fma(S::broadcast_f(static_cast<float>(-scales[r].negative_half_sums[1])), half_minimums[1], sum);
          acc[r] = S::fma(sums, S::multiply(minimum, S::broadcast_f(scales[r].d)), acc[r]);
        }
      }
    }
  }
};

// The form of a group for a dot product D: an instruction set may bring its own.
template <class S, class D, PackedFormat format>
struct GroupFor {
  using Type = DotGroup<S, D, format>;
};

// The second planes of some groups take their turn while the same groups of the first planes are multiplied. With more rows
// that was slower than listed_groups(): the loop over rows has no register to spare.
template <class S, PackedFormat format, class Group, int kRows>
void few_rows(const PanelProduct& product, int part) {
  typename Group::Sum acc[kRows], second[kRows];
  for (int r = 0; r < kRows; ++r) acc[r] = second[r] = Group::zero();
  const RowGroup* entry = product.second_groups.data();
  const RowGroup* const end = entry + product.second_groups.size();
  uint32_t named = 0;
  for (int64_t g = 0; g < product.layout->groups; ++g) {
    prefetch_ahead<S, format>(product, g);
    Group group;
    group.load(product, g, part);
    group.template multiply<kRows>(product.activations, g, 0, acc);
    for (; entry != end && entry->group == g; ++entry) {
      group.template multiply<1>(product.second, g, entry->row, second + entry->row);
      named |= 1u << entry->row;
    }
  }
  for (int r = 0; r < kRows; ++r) {
    Group::store(product, product.add, r, part, acc[r]);
    if (named >> r & 1) Group::store(product, /*add=*/true, r, part, second[r]);
  }
}

// The same for rows `row` .. row + count - 1. Inlined, so that the group's weights stay in registers.
template <class Group>
[[gnu::always_inline]] inline void multiply_run(Group& group, const ActivationBlock& block, int64_t g, int row, int count,
                                                typename Group::Sum* acc) {
  const int end = row + count;
  for (; row + 4 <= end; row += 4) group.template multiply<4>(block, g, row, acc + row);
  switch (end - row) {
    case 3: group.template multiply<3>(block, g, row, acc + row); break;
    case 2: group.template multiply<2>(block, g, row, acc + row); break;
    case 1: group.template multiply<1>(block, g, row, acc + row); break;
    default: break;
  }
}

template <class S, PackedFormat format, class Group>
void many_rows(const PanelProduct& product, int part) {
  typename Group::Sum acc[2 * kMostRows];
  const int rows = product.activations.rows;
  const int planes = rows + static_cast<int>(product.second_rows.size());
  for (int r = 0; r < planes; ++r) acc[r] = Group::zero();
  for (int64_t g = 0; g < product.layout->groups; ++g) {
    prefetch_ahead<S, format>(product, g);
    Group group;
    group.load(product, g, part);
    multiply_run(group, product.activations, g, 0, rows, acc);
    for (int i = rows; i < planes; ++i) {
      group.template multiply<1>(product.second, g, product.second_rows[static_cast<size_t>(i - rows)], acc + i);
    }
  }
  for (int r = 0; r < rows; ++r) Group::store(product, product.add, r, part, acc[r]);
  for (int i = rows; i < planes; ++i) {
    Group::store(product, /*add=*/true, product.second_rows[static_cast<size_t>(i - rows)], part, acc[i]);
  }
}

// What the second planes of some groups add, behind the first planes. The same dimensions tend to be large in all rows, so rows that follow
// each other often share a group.
template <class Group>
void listed_groups(const PanelProduct& product, int part) {
  typename Group::Sum acc[kMostRows];
  const int rows = product.activations.rows;
  for (int r = 0; r < rows; ++r) acc[r] = Group::zero();
  uint32_t named = 0;
  const RowGroup* entry = product.second_groups.data();
  const RowGroup* const end = entry + product.second_groups.size();
  while (entry != end) {
    const int32_t g = entry->group;
    Group group;
    group.load(product, g, part);
    while (entry != end && entry->group == g) {
      const int row = entry->row;
      int count = 0;
      for (; entry != end && entry->group == g && entry->row == row + count; ++entry) named |= 1u << (row + count++);
      multiply_run(group, product.second, g, row, count, acc);
    }
  }
  for (int r = 0; r < rows; ++r) {
    if (named >> r & 1) Group::store(product, /*add=*/true, r, part, acc[r]);
  }
}

template <class S, class D, PackedFormat format>
void product_in_format(const PanelProduct& product) {
  using Group = typename GroupFor<S, D, format>::Type;
  for (int part = 0; part < Group::kPasses; ++part) {
    switch (product.second_rows.empty() ? product.activations.rows : kMostRows) {
      case 0: break;
      case 1: few_rows<S, format, Group, 1>(product, part); break;
      case 2: few_rows<S, format, Group, 2>(product, part); break;
      case 3: few_rows<S, format, Group, 3>(product, part); break;
      case 4: few_rows<S, format, Group, 4>(product, part); break;
      default:
        many_rows<S, format, Group>(product, part);
        if (!product.second_groups.empty()) listed_groups<Group>(product, part);
        break;
    }
  }
}

template <class S, class D>
void panel_product(const PanelProduct& product) {
  const PackedFormat format = product.format;
  if (format == quant::kPackedQ4_0) return product_in_format<S, D, quant::kPackedQ4_0>(product);
  if (format == quant::kPackedQ4_1) return product_in_format<S, D, quant::kPackedQ4_1>(product);
  if (format == quant::kPackedQ5_0) return product_in_format<S, D, quant::kPackedQ5_0>(product);
  if (format == quant::kPackedQ5_1) return product_in_format<S, D, quant::kPackedQ5_1>(product);
  if (format == quant::kPackedQ8_0) return product_in_format<S, D, quant::kPackedQ8_0>(product);
  if (format == quant::kPackedQ2_K) return product_in_format<S, D, quant::kPackedQ2_K>(product);
  if (format == quant::kPackedQ3_K) return product_in_format<S, D, quant::kPackedQ3_K>(product);
  if (format == quant::kPackedQ4_K) return product_in_format<S, D, quant::kPackedQ4_K>(product);
  if (format == quant::kPackedQ5_K) return product_in_format<S, D, quant::kPackedQ5_K>(product);
  return product_in_format<S, D, quant::kPackedQ6_K>(product);
}

}  // namespace
