// The handful of AVX-512 primitives that the shared kernels are written in. A vector is 16 lanes: a whole panel.
// Included by the AVX-512 sources only, inside their unnamed namespace's translation unit.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace {

struct Avx512 {
  static constexpr int kRows = 16;   // lanes of 32 bits
  using I = __m512i;
  using F = __m512;
  struct PairOfSums {
    int32_t first, second;
  };

  // Asks for the cache line at `at`, to be kept in the second-level cache. Any address is allowed.
  static void prefetch(const void* at) { _mm_prefetch(static_cast<const char*>(at), _MM_HINT_T1); }

  static I zero() { return _mm512_setzero_si512(); }
  static I load(const void* at) { return _mm512_loadu_si512(at); }
  static I broadcast(int32_t value) { return _mm512_set1_epi32(value); }
  static I broadcast8(int8_t value) { return _mm512_set1_epi8(value); }
  static I bits_and(I a, I b) { return _mm512_and_si512(a, b); }
  static I bits_or(I a, I b) { return _mm512_or_si512(a, b); }
  static I add(I a, I b) { return _mm512_add_epi32(a, b); }
  static I multiply(I a, I b) { return _mm512_mullo_epi32(a, b); }
  static I add16(I a, I b) { return _mm512_add_epi16(a, b); }
  // Unsigned bytes of `a` times signed bytes of `b`, neighbours added in 16 bits; and neighbours of those in 32 bits.
  static I multiply_pairs(I a, I b) { return _mm512_maddubs_epi16(a, b); }
  static I widen_pairs(I pairs) { return _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)); }
  static I greater(I a, I b) { return _mm512_max_epi32(a, b); }
  static int32_t greatest_lane(I a) { return _mm512_reduce_max_epi32(a); }
  static int32_t sum_of_lanes(I a) { return _mm512_reduce_add_epi32(a); }
  // The sums of lanes i with i % 4 < 2, and of the others.
  static PairOfSums sums_of_pairs(I a) {
    const __m256i eight = _mm256_add_epi32(_mm512_castsi512_si256(a), _mm512_extracti64x4_epi64(a, 1));
    __m128i lanes = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
    lanes = _mm_add_epi32(lanes, _mm_shuffle_epi32(lanes, 0xb1));
    return {_mm_cvtsi128_si32(lanes), _mm_extract_epi32(lanes, 2)};
  }
  template <int n>
  static I shift_left32(I a) { return _mm512_slli_epi32(a, n); }
  template <int n>
  static I shift_left16(I a) { return _mm512_slli_epi16(a, n); }
  template <int n>
  static I shift_right16(I a) { return _mm512_srli_epi16(a, n); }

  static F zero_f() { return _mm512_setzero_ps(); }
  static F broadcast_f(float value) { return _mm512_set1_ps(value); }
  static F load_f(const float* at) { return _mm512_loadu_ps(at); }
  static F load_some(const float* at, int n) { return _mm512_maskz_loadu_ps(mask(n), at); }
  static void store_f(float* at, F value) { _mm512_storeu_ps(at, value); }
  static void store_some(float* at, F value, int n) { _mm512_mask_storeu_ps(at, mask(n), value); }
  static F load_halves(const void* at) { return _mm512_cvtph_ps(_mm256_loadu_si256(static_cast<const __m256i*>(at))); }
  static void store_halves(void* at, F value) {
    _mm256_storeu_si256(static_cast<__m256i*>(at), _mm512_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC));
  }
  static F load_uint8(const void* at) {
    return _mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(at))));
  }
  static F load_int8(const void* at) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(static_cast<const __m128i*>(at))));
  }
  static F add(F a, F b) { return _mm512_add_ps(a, b); }
  static F subtract(F a, F b) { return _mm512_sub_ps(a, b); }
  static F multiply(F a, F b) { return _mm512_mul_ps(a, b); }
  static F divide(F a, F b) { return _mm512_div_ps(a, b); }
  static F fma(F a, F b, F c) { return _mm512_fmadd_ps(a, b, c); }
  static F negative_fma(F a, F b, F c) { return _mm512_fnmadd_ps(a, b, c); }  // fma(-a, b, c)
  static F lesser(F a, F b) { return _mm512_min_ps(a, b); }                   // a < b ? a : b
  static F greater(F a, F b) { return _mm512_max_ps(a, b); }                  // a > b ? a : b
  static F to_float(I a) { return _mm512_cvtepi32_ps(a); }
  static I to_int(F a) { return _mm512_cvtps_epi32(a); }  // nearest, ties to even
  static F as_float(I a) { return _mm512_castsi512_ps(a); }
  static I as_int(F a) { return _mm512_castps_si512(a); }
  // The low byte of each lane.
  static void store_bytes(int8_t* at, I value) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), _mm512_cvtepi32_epi8(value));
  }
  // Keeps lanes [begin, end), the others become `other`.
  static F keep(F value, F other, int begin, int end) {
    return _mm512_mask_mov_ps(other, static_cast<__mmask16>(mask(end) & ~mask(begin)), value);
  }

  static __mmask16 mask(int n) { return n <= 0 ? __mmask16{0} : n >= 16 ? __mmask16{0xffff} : static_cast<__mmask16>((1u << n) - 1); }
};

}  // namespace
