// The kernels for AVX-512 with VNNI (Ice Lake, Zen 4 and later).
#if defined(__x86_64__)

#include "kernels/attention.inl.h"
#include "kernels/panel_product.inl.h"
#include "kernels/simd_avx512.h"
#include "kernels/tables.h"
#include "kernels/vector_ops.inl.h"

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

const Kernels kAvx512Vnni = {.name = "avx512_vnni",
                        .panel_product = ::panel_product<Avx512, Dot>,
                        .rms_norm = ::rms_norm<Avx512>,
                        .quantize = ::quantize<Avx512>,
                        .residual = ::residual<Avx512>,
                        .energy = ::energy<Avx512>,
                        .silu_multiply = ::silu_multiply<Avx512>,
                        .gelu_multiply = ::gelu_multiply<Avx512>,
                        .add = ::add<Avx512>,
                        .scale = ::scale<Avx512>,
                        .rotate = ::rotate<Avx512>,
                        .to_half = ::to_half<Avx512>,
                        .attention = ::attention<Avx512>,
                        .argmax = ::argmax<Avx512>};

}  // namespace riposte::kernels

#endif
