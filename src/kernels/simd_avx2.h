// The handful of AVX2 primitives (with FMA and F16C) that the shared kernels are written in. A vector is 8 lanes: half
// a panel. Included by avx2.cpp only.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace {

struct Avx2 {
  static constexpr int kRows = 8;    // lanes of 32 bits
  using I = __m256i;
  using F = __m256;
  struct PairOfSums {
    int32_t first, second;
  };

  // Asks for the cache line at `at`, to be kept in the second-level cache. Any address is allowed.
  static void prefetch(const void* at) { _mm_prefetch(static_cast<const char*>(at), _MM_HINT_T1); }

  static I zero() { return _mm256_setzero_si256(); }
  static I load(const void* at) { return _mm256_loadu_si256(static_cast<const __m256i*>(at)); }
  static I broadcast(int32_t value) { return _mm256_set1_epi32(value); }
  static I broadcast8(int8_t value) { return _mm256_set1_epi8(value); }
  static I bits_and(I a, I b) { return _mm256_and_si256(a, b); }
  static I bits_xor(I a, I b) { return _mm256_xor_si256(a, b); }
  static I bits_or(I a, I b) { return _mm256_or_si256(a, b); }
  static I add(I a, I b) { return _mm256_add_epi32(a, b); }
  static I multiply(I a, I b) { return _mm256_mullo_epi32(a, b); }
  static I add16(I a, I b) { return _mm256_add_epi16(a, b); }
  // Unsigned bytes of `a` times signed bytes of `b`, neighbours added in 16 bits; and neighbours of those in 32 bits.
  static I multiply_pairs(I a, I b) { return _mm256_maddubs_epi16(a, b); }
  static I widen_pairs(I pairs) { return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)); }
  // Keeps the compiler from computing all products of a sum before it adds the first: it has no registers for them.
  static void settle(I& sum) { asm volatile("" : "+x"(sum)); }
  // The sum of each lane's two 16-bit products.
  static I multiply_and_widen(I a, I b) { return _mm256_madd_epi16(a, b); }
  static I magnitude8(I a) { return _mm256_abs_epi8(a); }
  static I negative8(I a) { return _mm256_cmpgt_epi8(zero(), a); }  // all ones where it is
  // Each of 8 bytes twice in the 16-bit halves of its lane.
  static I load_int8_twice(const void* at) {
    const __m256i both = _mm256_broadcastsi128_si256(_mm_loadl_epi64(static_cast<const __m128i*>(at)));
    const __m256i high_bytes = _mm256_shuffle_epi8(
        both, _mm256_setr_epi8(-1, 0, -1, 0, -1, 1, -1, 1, -1, 2, -1, 2, -1, 3, -1, 3, -1, 4, -1, 4, -1, 5, -1, 5, -1, 6,
                               -1, 6, -1, 7, -1, 7));
    return _mm256_srai_epi16(high_bytes, 8);
  }
  static I greater(I a, I b) { return _mm256_max_epi32(a, b); }
  static int32_t greatest_lane(I a) { return fold(a, [](__m128i x, __m128i y) { return _mm_max_epi32(x, y); }); }
  static int32_t sum_of_lanes(I a) { return fold(a, [](__m128i x, __m128i y) { return _mm_add_epi32(x, y); }); }
  // The sums of lanes i with i % 4 < 2, and of the others.
  static PairOfSums sums_of_pairs(I a) {
    __m128i lanes = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    lanes = _mm_add_epi32(lanes, _mm_shuffle_epi32(lanes, 0xb1));
    return {_mm_cvtsi128_si32(lanes), _mm_extract_epi32(lanes, 2)};
  }
  template <int n>
  static I shift_left32(I a) { return _mm256_slli_epi32(a, n); }
  template <int n>
  static I shift_left16(I a) { return _mm256_slli_epi16(a, n); }
  template <int n>
  static I shift_right16(I a) { return _mm256_srli_epi16(a, n); }

  static F zero_f() { return _mm256_setzero_ps(); }
  static F broadcast_f(float value) { return _mm256_set1_ps(value); }
  static F load_f(const float* at) { return _mm256_loadu_ps(at); }
  static F load_some(const float* at, int n) { return _mm256_maskload_ps(at, mask(n)); }
  static void store_f(float* at, F value) { _mm256_storeu_ps(at, value); }
  static void store_some(float* at, F value, int n) { _mm256_maskstore_ps(at, mask(n), value); }
  static F load_halves(const void* at) { return _mm256_cvtph_ps(_mm_loadu_si128(static_cast<const __m128i*>(at))); }
  static void store_halves(void* at, F value) {
    _mm_storeu_si128(static_cast<__m128i*>(at), _mm256_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT));
  }
  static F load_uint8(const void* at) {
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(at))));
  }
  static F load_int8(const void* at) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(static_cast<const __m128i*>(at))));
  }
  static F add(F a, F b) { return _mm256_add_ps(a, b); }
  static F subtract(F a, F b) { return _mm256_sub_ps(a, b); }
  static F multiply(F a, F b) { return _mm256_mul_ps(a, b); }
  static F divide(F a, F b) { return _mm256_div_ps(a, b); }
  static F fma(F a, F b, F c) { return _mm256_fmadd_ps(a, b, c); }
  static F negative_fma(F a, F b, F c) { return _mm256_fnmadd_ps(a, b, c); }
  static F lesser(F a, F b) { return _mm256_min_ps(a, b); }
  static F greater(F a, F b) { return _mm256_max_ps(a, b); }
  static F to_float(I a) { return _mm256_cvtepi32_ps(a); }
  static I to_int(F a) { return _mm256_cvtps_epi32(a); }
  static F as_float(I a) { return _mm256_castsi256_ps(a); }
  static I as_int(F a) { return _mm256_castps_si256(a); }
  static void store_bytes(int8_t* at, I value) {
    const __m256i low_bytes = _mm256_shuffle_epi8(
        value, _mm256_setr_epi8(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1, -1, -1,
                                -1, -1, -1, -1, -1, -1, -1, -1, -1));
    const int32_t first = _mm256_extract_epi32(low_bytes, 0);
    const int32_t second = _mm256_extract_epi32(low_bytes, 4);
    __builtin_memcpy(at, &first, 4);
    __builtin_memcpy(at + 4, &second, 4);
  }
  static F keep(F value, F other, int begin, int end) {
    const __m256i inside = _mm256_andnot_si256(mask(begin), mask(end));
    return _mm256_blendv_ps(other, value, _mm256_castsi256_ps(inside));
  }

  template <class Operation>
  static int32_t fold(I a, Operation operation) {
    __m128i lanes = operation(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    lanes = operation(lanes, _mm_shuffle_epi32(lanes, 0x4e));
    return _mm_cvtsi128_si32(operation(lanes, _mm_shuffle_epi32(lanes, 0xb1)));
  }

  // Lanes 0 .. n-1.
  static __m256i mask(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
};

}  // namespace
