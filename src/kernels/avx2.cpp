// The kernels for AVX2 with FMA and F16C (Haswell, Zen and later).
#if defined(__x86_64__)

#include "kernels/simd_avx2.h"
#include "kernels/table.inl.h"

namespace {

// vpmaddubsw adds two products in 16 bits. With weights below 2^b a pair is at most 2 * (2^b - 1) * 127 in magnitude, so
// 8 pairs of 4-bit weights, 4 of 5-bit and 2 of 6-bit ones add up without overflow before they are widened to 32 bits.
// 8-bit weights are taken as two nibbles: q = 16 * high + low.
struct Dot {
  template <int bits, int columns, int rows>
  static void dot(__m256i (&sum)[rows], const __m256i* weights, const int32_t* activations) {
    for (int r = 0; r < rows; ++r) {
      if constexpr (bits == 8) {
        const __m256i nibble = _mm256_set1_epi8(15);
        __m256i low = _mm256_setzero_si256();
        __m256i high = low;
#pragma GCC unroll 8
        for (int c = 0; c < columns; ++c) {
          const __m256i a = _mm256_set1_epi32(activations[r * 8 + c]);
          const __m256i upper = _mm256_and_si256(_mm256_srli_epi16(weights[c], 4), nibble);
          low = _mm256_add_epi16(low, _mm256_maddubs_epi16(_mm256_and_si256(weights[c], nibble), a));
          high = _mm256_add_epi16(high, _mm256_maddubs_epi16(upper, a));
        }
        sum[r] = _mm256_add_epi32(sum[r], widen(low));
        sum[r] = _mm256_add_epi32(sum[r], _mm256_slli_epi32(widen(high), 4));
      } else {
        constexpr int together = bits == 4 ? columns : bits == 5 ? 4 : 2;
#pragma GCC unroll 4
        for (int begin = 0; begin < columns; begin += together) {
          __m256i pairs = _mm256_setzero_si256();
#pragma GCC unroll 8
          for (int c = begin; c < begin + together; ++c) {
            pairs = _mm256_add_epi16(pairs, _mm256_maddubs_epi16(weights[c], _mm256_set1_epi32(activations[r * 8 + c])));
          }
          sum[r] = _mm256_add_epi32(sum[r], widen(pairs));
        }
      }
    }
  }
  static __m256i widen(__m256i pairs) { return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)); }
};

}  // namespace

namespace riposte::kernels {

constinit const Kernels kAvx2 = table_of<Avx2, Dot>("avx2");

}  // namespace riposte::kernels

#endif
