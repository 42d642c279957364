// The kernels for AVX-512 with VNNI (Ice Lake, Zen 4 and later).
#if defined(__x86_64__)

#include "kernels/quantize_avx512.h"
#include "kernels/simd_avx512.h"
#include "kernels/table.inl.h"

namespace {

// vpdpbusd: four products and the sum in 32 bits, in one instruction.
struct Dot {
  template <int bits, int columns, int rows>
  static void dot(__m512i (&sum)[rows], const __m512i* weights, const int32_t* activations) {
    // Unrolled, so that the weights stay in registers: an index that varies would put them into memory.
#pragma GCC unroll 8
    for (int c = 0; c < columns; ++c) {
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r) {
        sum[r] = _mm512_dpbusd_epi32(sum[r], weights[c], _mm512_set1_epi32(activations[r * 8 + c]));
      }
    }
  }
};

}  // namespace

namespace riposte::kernels {

constinit const Kernels kAvx512Vnni = table_of<Avx512, Dot>("avx512_vnni");

}  // namespace riposte::kernels

#endif
