// Four groups of activations to int8 at once: alone, a group is a chain of reductions that wait for one
// another. Included by the AVX-512 sources only, before table.inl.h.
#pragma once

#include <bit>
#include <cstddef>

#include "kernels/quantize.inl.h"
#include "kernels/simd_avx512.h"

namespace {

// Lane g of each quarter: all lanes of vectors[g] combined.
template <class Combine>
[[gnu::always_inline]] inline __m512i across(const __m512i (&vectors)[4], Combine combine) {
  const auto halves = [&](__m512i a, __m512i b) {
    return combine(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
  };
  const __m512i first = halves(vectors[0], vectors[1]), second = halves(vectors[2], vectors[3]);
  __m512i all = combine(_mm512_unpacklo_epi64(first, second), _mm512_unpackhi_epi64(first, second));
  all = combine(all, _mm512_shuffle_i64x2(all, all, 0x4e));
  return combine(all, _mm512_shuffle_i64x2(all, all, 0xb1));
}

// Eight vectors of sixteen values to the bytes of four groups, two in a vector.
struct FourGroups {
  __m512i words[4];  // of each group, in the order that packing leaves them in
  __m512i bytes[2];  // in order
};

[[gnu::always_inline]] inline FourGroups pack(const __m512i (&rounded)[4][2]) {
  FourGroups out;
  // Packing works on quarters: those of a vector are 4 dwords apart.
  const __m512i in_order = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
#pragma GCC unroll 4
  for (int g = 0; g < 4; ++g) out.words[g] = _mm512_packs_epi32(rounded[g][0], rounded[g][1]);
#pragma GCC unroll 2
  for (int pair = 0; pair < 2; ++pair) {
    const __m512i mixed = _mm512_packs_epi16(out.words[2 * pair], out.words[2 * pair + 1]);
    out.bytes[pair] = _mm512_permutexvar_epi32(in_order, mixed);
  }
  return out;
}

// In each dword of a quarter, as two int16: GroupScale::negative_pair_sums of the 16 bytes of the quarter.
[[gnu::always_inline]] inline __m512i negative_pair_sums(__m512i bytes) {
  __m512i sums = _mm512_maddubs_epi16(_mm512_set1_epi8(1), bytes);
  sums = _mm512_add_epi16(sums, _mm512_shuffle_epi32(sums, _MM_PERM_BADC));
  sums = _mm512_add_epi16(sums, _mm512_shuffle_epi32(sums, _MM_PERM_CDAB));
  return _mm512_sub_epi16(_mm512_setzero_si512(), sums);
}

template <>
struct GroupsTogether<Avx512> {
  static constexpr int kGroups = 4;

  static bool quantize(const float* x, int8_t* q, GroupScale* scales, int width) {
    const __m512i magnitude = _mm512_set1_epi32(0x7fffffff);
    __m512 values[kGroups][2];
    __m512i most[kGroups];
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) {
      for (int half = 0; half < 2; ++half)
        values[g][half] = _mm512_loadu_ps(x + g * kGroupSize + half * kLanes);
      most[g] = _mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(values[g][0]), magnitude),
                                 _mm512_and_si512(_mm512_castps_si512(values[g][1]), magnitude));
    }
    // Lane g of these 128 bits is of group g, here and below.
    const __m128i bits =
        _mm512_castsi512_si128(across(most, [](__m512i a, __m512i b) { return _mm512_max_epi32(a, b); }));
    const __m128i too_small = _mm_cmplt_epi32(bits, _mm_set1_epi32(std::bit_cast<int32_t>(kSmallestGroup)));
    const __m128i too_great = _mm_cmpgt_epi32(bits, _mm_set1_epi32(kInfinityBits - 1));
    if (_mm_movemask_epi8(_mm_or_si128(too_small, too_great)) != 0) return false;
    const __m128 largest = _mm_castsi128_ps(bits);
    const __m128 d = _mm_div_ps(largest, _mm_set1_ps(127.0f));
    const __m512 inverse = _mm512_broadcast_f32x4(_mm_div_ps(_mm_set1_ps(127.0f), largest));

    __m512i rounded[kGroups][2];
    const auto round = [&](__m512 value, __m512 by) { return _mm512_cvtps_epi32(_mm512_mul_ps(value, by)); };
    const __m512 by[kGroups] = {_mm512_permute_ps(inverse, 0x00), _mm512_permute_ps(inverse, 0x55),
                                _mm512_permute_ps(inverse, 0xaa), _mm512_permute_ps(inverse, 0xff)};
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) {
      for (int half = 0; half < 2; ++half) rounded[g][half] = round(values[g][half], by[g]);
    }
    const FourGroups groups = pack(rounded);
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) {
      const __m256i of_group = g % 2 == 0 ? _mm512_castsi512_si256(groups.bytes[g / 2])
                                          : _mm512_extracti64x4_epi64(groups.bytes[g / 2], 1);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(q + static_cast<int64_t>(g) * width * kGroupSize),
                          of_group);
    }
    store_scales(d, groups, scales, width);
    return true;
  }

 private:
  [[gnu::always_inline]] static void store_scales(__m128 d, const FourGroups& groups, GroupScale* scales,
                                                  int width) {
    __m512i squares[kGroups];
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) squares[g] = _mm512_madd_epi16(groups.words[g], groups.words[g]);
    const __m128i of_squares =
        _mm512_castsi512_si128(across(squares, [](__m512i a, __m512i b) { return _mm512_add_epi32(a, b); }));
    // First halves of the four groups, then second halves.
    const __m512i in_order = _mm512_setr_epi32(0, 8, 16, 24, 4, 12, 20, 28, 0, 8, 16, 24, 4, 12, 20, 28);
    const __m256i pair_sums = _mm512_castsi512_si256(_mm512_permutex2var_epi32(
        negative_pair_sums(groups.bytes[0]), in_order, negative_pair_sums(groups.bytes[1])));
    const __m256i half_sums = _mm256_madd_epi16(pair_sums, _mm256_set1_epi16(1));
    const __m128i first_half = _mm256_castsi256_si128(half_sums),
                  second_half = _mm256_extracti128_si256(half_sums, 1);
    const __m128i negative_sum = _mm_add_epi32(first_half, second_half);
    const __m128 d_sum = _mm_mul_ps(d, _mm_cvtepi32_ps(_mm_sub_epi32(_mm_setzero_si128(), negative_sum)));

    static_assert(offsetof(GroupScale, d) == 0 && offsetof(GroupScale, d_sum) == 4 &&
                  offsetof(GroupScale, negative_sum) == 8 && offsetof(GroupScale, negative_half_sums) == 12 &&
                  offsetof(GroupScale, negative_pair_sums) == 20 && offsetof(GroupScale, squares) == 28 &&
                  sizeof(GroupScale) == 32);
    store_columns(scales, width, 0, d, d_sum, _mm_castsi128_ps(negative_sum), _mm_castsi128_ps(first_half));
    store_columns(scales, width, 16, _mm_castsi128_ps(second_half),
                  _mm_castsi128_ps(_mm256_castsi256_si128(pair_sums)),
                  _mm_castsi128_ps(_mm256_extracti128_si256(pair_sums, 1)), _mm_castsi128_ps(of_squares));
  }

  // 16 bytes of each group's scale, from byte `offset` on: lane g of four vectors.
  [[gnu::always_inline]] static void store_columns(GroupScale* scales, int width, int offset, __m128 a,
                                                   __m128 b, __m128 c, __m128 e) {
    _MM_TRANSPOSE4_PS(a, b, c, e);
    const auto store = [&](int g, __m128 columns) {
      auto* at = reinterpret_cast<std::byte*>(scales + static_cast<int64_t>(g) * width) + offset;
      _mm_storeu_ps(reinterpret_cast<float*>(at), columns);
    };
    store(0, a);
    store(1, b);
    store(2, c);
    store(3, e);
  }
};

}  // namespace
