// The dot product of 256-bit vpdpbusd: four products and the sum in 32 bits, in one instruction. The instruction has two
// encodings, which processors have or lack separately; `Encoding` is one of them.
#pragma once

#include <immintrin.h>

#include <cstdint>

namespace {

template <class Encoding>
struct Vnni256Dot {
  template <int bits, int columns, int rows>
  static void dot(__m256i (&sum)[rows], const __m256i* weights, const int32_t* activations) {
    // Unrolled, so that the weights stay in registers: an index that varies would put them into memory.
#pragma GCC unroll 8
    for (int c = 0; c < columns; ++c) {
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r) {
        sum[r] = Encoding::dpbusd(sum[r], weights[c], _mm256_set1_epi32(activations[r * 8 + c]));
      }
    }
  }
};

}  // namespace
