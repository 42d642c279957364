// The dot product of instruction sets without VNNI, once for all of them: S has vpmaddubsw as multiply_pairs.
#pragma once

#include <cstdint>

namespace {

// multiply_pairs adds two products in 16 bits. With weights below 2^b a pair is at most 2 * (2^b - 1) * 127 in magnitude, so
// 8 pairs of 4-bit weights, 4 of 5-bit and 2 of 6-bit ones add up without overflow before they are widened to 32 bits.
// 8-bit weights are taken as two nibbles: q = 16 * high + low.
template <class S>
struct PairDot {
  using I = typename S::I;
  template <int bits, int columns, int rows>
  static void dot(I (&sum)[rows], const I* weights, const int32_t* activations) {
    for (int r = 0; r < rows; ++r) {
      if constexpr (bits == 8) {
        const I nibble = S::broadcast8(15);
        I low = S::zero();
        I high = low;
#pragma GCC unroll 8
        for (int c = 0; c < columns; ++c) {
          const I a = S::broadcast(activations[r * 8 + c]);
          const I upper = S::bits_and(S::template shift_right16<4>(weights[c]), nibble);
          low = S::add16(low, S::multiply_pairs(S::bits_and(weights[c], nibble), a));
          high = S::add16(high, S::multiply_pairs(upper, a));
        }
        sum[r] = S::add(sum[r], S::widen_pairs(low));
        sum[r] = S::add(sum[r], S::template shift_left32<4>(S::widen_pairs(high)));
      } else {
        constexpr int together = bits == 4 ? columns : bits == 5 ? 4 : 2;
#pragma GCC unroll 4
        for (int begin = 0; begin < columns; begin += together) {
          I pairs = S::zero();
#pragma GCC unroll 8
          for (int c = begin; c < begin + together; ++c) {
            pairs = S::add16(pairs, S::multiply_pairs(weights[c], S::broadcast(activations[r * 8 + c])));
          }
          sum[r] = S::add(sum[r], S::widen_pairs(pairs));
        }
      }
    }
  }
};

}  // namespace
