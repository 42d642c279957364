// The kernels for AVX-VNNI: the VEX encoding of 256-bit vpdpbusd, on processors without AVX-512 (Alder Lake and later).
// avx512_vnni_256.cpp is the same source in the other encoding, which more machines can test.
#if defined(__x86_64__)

#include "kernels/simd_avx2.h"
#include "kernels/table.inl.h"
#include "kernels/vnni256.inl.h"

namespace {

struct Vex {
  static __m256i dpbusd(__m256i sum, __m256i weights, __m256i activations) {
    return _mm256_dpbusd_avx_epi32(sum, weights, activations);
  }
};

}  // namespace

namespace riposte::kernels {

constinit const Kernels kAvxVnni = table_of<Avx2, Vnni256Dot<Vex>>("avx_vnni");

}  // namespace riposte::kernels

#endif
