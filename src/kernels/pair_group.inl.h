// A group of a panel for instruction sets with vpmaddubsw and few registers (AVX2): both halves of the panel
// at once.
//
// What costs there is not the multiplications alone but everything around them, on the same four pipes and
// two load ports. So
//   - an activation that is read once (a broadcast: half of all loads) meets both halves of the panel;
//   - the 16-bit sums of four rows lie in registers and the unpacked weights in the first-level cache, not
//   the
//     other way round;
//   - sums stay in 16 bits as long as they fit. With an offset they begin at -(offset * the sum of their own
//     activations), so that only the sum of (weight q - offset) * activation q must fit: what wraps around on
//     the way does no harm;
//   - the sums of half a group are widened and multiplied by its scale in one vpmaddwd.
#pragma once

#include "kernels/pair_dot.inl.h"
#include "kernels/panel_product.inl.h"

namespace {

// Makes the compiler keep the object in memory: otherwise it keeps in registers, and spills, what it has read
// before.
template <class T>
[[gnu::always_inline]] inline void keep_in_memory(T& object) {
  asm volatile("" : "+m"(object));
}

template <class S, PackedFormat format>
struct PairGroup {
  using I = typename S::I;
  using F = typename S::F;
  static constexpr int kParts = kPanelRows / S::kRows;
  static constexpr int kPasses = 1;
  static constexpr bool kHalves = format.scales == ScaleKind::kK16;
  static constexpr int kShift = log2_of(format.offset);

  // Columns whose products add up in 16 bits. Two weights times activations a column, at most 127 in
  // magnitude:
  //   4 bits              8 columns: 16 * 15 * 127 = 30,480
  //   5 bits, offset 16   8 columns: 16 * 16 * 127 = 32,512
  //   5 bits, minimum     4 columns:  8 * 31 * 127 = 31,496
  //   6 bits, offset 32   4 columns:  8 * 32 * 127 = 32,512
  static constexpr int kTogether = kHalves || (format.bits == 5 && format.offset == 0) ? 4 : 8;
  static_assert(format.bits <= 5 || kHalves || format.bits == 8);

  // A row's sums of 16 outputs.
  struct Sum {
    F part[kParts];
  };

  // Unsigned bytes. 8 bits: the magnitudes of q - 128, at most 128.
  I weights[kGroupColumns][kParts];
  // 8 bits: all ones where q - 128 is negative.
  I negative[format.bits == 8 ? kGroupColumns : 1][kParts];
  I start[kParts];             // 8 bits: the sum of the magnitudes of the negative ones
  F scale[kParts];             // kHalf32, kK32: of a weight. kK16: d0
  F minimum[kParts];           // kHalf32, kK32: of a weight. kK16: m0
  I half_scales[2][kParts];    // kK16: twice in 16 bits
  F half_minimums[2][kParts];  // kK16

  [[gnu::always_inline]] static Sum zero() {
    Sum sum;
    for (auto& part : sum.part) part = S::zero_f();
    return sum;
  }

  [[gnu::always_inline]] static void store(const PanelProduct& product, bool add, int row, int,
                                           const Sum& sum) {
    for (int part = 0; part < kParts; ++part) store_row<S>(product, add, row, part, sum.part[part]);
  }

  [[gnu::always_inline]] void load(const PanelProduct& product, int64_t g, int) {
    const quant::PanelLayout& layout = *product.layout;
    const std::byte* quants = product.panel + g * format.quant_bytes();
#pragma GCC unroll 2
    for (int part = 0; part < kParts; ++part) {
      unpack(quants, part);
      load_scales(product.panel, layout, g, part);
    }
  }

  // acc[r] = the definition's step for this group, rows `row` .. row + kRows - 1.
  template <int kRows>
  [[gnu::always_inline]] void multiply(const ActivationBlock& block, int64_t g, int row, Sum* acc) {
    keep_in_memory(weights);
    const int64_t at = g * block.width + row;
    const auto* q = reinterpret_cast<const int32_t*>(block.q + at * quant::kGroupSize);
    const GroupScale* scales = block.scales + at;
    I dots[kRows][kParts];
    if constexpr (format.bits == 8) {
      dot_of_bytes(q, dots);
    } else {
      add_columns<0>(q, scales, dots);
      if constexpr (kTogether == 4) add_columns<4>(q, scales, dots);
    }
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      const F d = S::broadcast_f(scales[r].d);
      [[maybe_unused]] const F d_sum = S::broadcast_f(scales[r].d_sum);
#pragma GCC unroll 2
      for (int part = 0; part < kParts; ++part) {
        F sum = S::fma(S::to_float(dots[r][part]), S::multiply(scale[part], d), acc[r].part[part]);
        if constexpr (format.has_minimum && !kHalves) sum = S::fma(minimum[part], d_sum, sum);
        if constexpr (format.has_minimum && kHalves) sum = add_half_minimums(scales[r], part, sum);
        acc[r].part[part] = sum;
      }
    }
  }

 private:
  [[gnu::always_inline]] void unpack(const std::byte* quants, int part) {
    I column[kGroupColumns];
    unpack_group<S, format.bits>(quants, part, column);
    if constexpr (format.bits != 8) {
#pragma GCC unroll 8
      for (int c = 0; c < kGroupColumns; ++c) weights[c][part] = column[c];
    } else {
      // (-a) * m = (~a + 1) * m: the product takes ~a, the ones add up here.
      I ones = S::zero();
#pragma GCC unroll 8
      for (int c = 0; c < kGroupColumns; ++c) {
        const I value = S::bits_xor(column[c], S::broadcast8(-128));
        weights[c][part] = S::magnitude8(value);
        negative[c][part] = S::negative8(value);
        ones = S::add16(
            ones, S::multiply_pairs(S::bits_and(weights[c][part], negative[c][part]), S::broadcast8(1)));
      }
      start[part] = S::widen_pairs(ones);
    }
  }

  [[gnu::always_inline]] void load_scales(const std::byte* panel, const quant::PanelLayout& layout, int64_t g,
                                          int part) {
    const int lane = part * S::kRows;
    const int64_t at = g * kPanelRows + lane;
    const int64_t super = (g / kGroupsPerSuperblock * kPanelRows + lane) * 2;
    if constexpr (format.scales == ScaleKind::kHalf32) {
      scale[part] = S::load_halves(panel + layout.scales + at * 2);
      if constexpr (format.has_minimum) minimum[part] = S::load_halves(panel + layout.minimums + at * 2);
    } else if constexpr (format.scales == ScaleKind::kK32) {
      scale[part] =
          S::multiply(S::load_halves(panel + layout.d + super), S::load_uint8(panel + layout.scales + at));
      if constexpr (format.has_minimum) {
        minimum[part] = S::multiply(S::load_halves(panel + layout.m0 + super),
                                    S::load_uint8(panel + layout.minimums + at));
      }
    } else {
      scale[part] = S::load_halves(panel + layout.d + super);
      if constexpr (format.has_minimum) minimum[part] = S::load_halves(panel + layout.m0 + super);
      for (int half = 0; half < 2; ++half) {
        const int64_t at_half = (g * 2 + half) * kPanelRows + lane;
        half_scales[half][part] = S::load_int8_twice(panel + layout.scales + at_half);
        if constexpr (format.has_minimum)
          half_minimums[half][part] = S::load_uint8(panel + layout.minimums + at_half);
      }
    }
  }

  [[gnu::always_inline]] static I broadcast_pair(const int16_t (&pair)[2]) {
    int32_t both;
    __builtin_memcpy(&both, pair, sizeof both);
    return S::broadcast(both);
  }

  // Adds columns begin .. begin + kTogether - 1 to the dot products.
  template <int begin, int kRows>
  [[gnu::always_inline]] void add_columns(const int32_t* q, const GroupScale* scales,
                                          I (&dots)[kRows][kParts]) const {
    I pairs[kRows][kParts];
#pragma GCC unroll 8
    for (int c = begin; c < begin + kTogether; ++c) {
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        const I a = S::broadcast(q[r * kGroupColumns + c]);
#pragma GCC unroll 2
        for (int part = 0; part < kParts; ++part) {
          const I products = S::multiply_pairs(weights[c][part], a);
          pairs[r][part] = c == begin ? products : S::add16(pairs[r][part], products);
          S::settle(pairs[r][part]);
        }
      }
    }
#pragma GCC unroll 4
    for (int r = 0; r < kRows; ++r) {
      if constexpr (format.offset != 0) {
        I pair_sums = broadcast_pair(scales[r].negative_pair_sums[begin / 4]);
        if constexpr (kTogether == 8)
          pair_sums = S::add16(pair_sums, broadcast_pair(scales[r].negative_pair_sums[1]));
        const I less = S::template shift_left16<kShift>(pair_sums);
#pragma GCC unroll 2
        for (int part = 0; part < kParts; ++part) pairs[r][part] = S::add16(pairs[r][part], less);
      }
#pragma GCC unroll 2
      for (int part = 0; part < kParts; ++part) {
        I wide;
        if constexpr (kHalves) {
          // |dot| <= 16 * 32 * 127 and |s| <= 128: the sum of both halves is below 2^24, exact in float32
          // too.
          wide = S::multiply_and_widen(pairs[r][part], half_scales[begin / 4][part]);
        } else {
          wide = S::widen_pairs(pairs[r][part]);
        }
        dots[r][part] = begin == 0 ? wide : S::add(dots[r][part], wide);
      }
    }
  }

  // The product of a magnitude m and ~a or a: two of them are between 2 * 128 * -128 and 2 * 127 * 127, which
  // fits.
  template <int kRows>
  [[gnu::always_inline]] void dot_of_bytes(const int32_t* q, I (&dots)[kRows][kParts]) const {
#pragma GCC unroll 8
    for (int c = 0; c < kGroupColumns; ++c) {
#pragma GCC unroll 4
      for (int r = 0; r < kRows; ++r) {
        const I a = S::broadcast(q[r * kGroupColumns + c]);
#pragma GCC unroll 2
        for (int part = 0; part < kParts; ++part) {
          const I products =
              S::widen_pairs(S::multiply_pairs(weights[c][part], S::bits_xor(a, negative[c][part])));
          dots[r][part] = S::add(c == 0 ? start[part] : dots[r][part], products);
          S::settle(dots[r][part]);
        }
      }
    }
  }

  [[gnu::always_inline]] F add_half_minimums(const GroupScale& row, int part, F sum) const {
    const auto half_sum = [&](int half) {
      return S::broadcast_f(static_cast<float>(-row.negative_half_sums[half]));
    };
    const F first = S::multiply(half_sum(0), half_minimums[0][part]);
    const F both = S::fma(half_sum(1), half_minimums[1][part], first);
    return S::fma(both, S::multiply(minimum[part], S::broadcast_f(row.d)), sum);
  }
};

template <class S, PackedFormat format>
struct GroupFor<S, PairDot<S>, format> {
  using Type = PairGroup<S, format>;
};

}  // namespace
