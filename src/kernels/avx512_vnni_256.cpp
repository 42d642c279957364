// The kernels for AVX-512 VNNI with 256-bit vectors: avx_vnni.cpp in the EVEX encoding. For processors that lower their
// clock for 512 bits, and as the proof of avx_vnni.cpp on machines without AVX-VNNI.
#if defined(__x86_64__)

#include "kernels/simd_avx2.h"
#include "kernels/table.inl.h"
#include "kernels/vnni256.inl.h"

namespace {

struct Evex {
  static __m256i dpbusd(__m256i sum, __m256i weights, __m256i activations) {
    return _mm256_dpbusd_epi32(sum, weights, activations);
  }
};

}  // namespace

namespace riposte::kernels {

constinit const Kernels kAvx512Vnni256 = table_of<Avx2, Vnni256Dot<Evex>>("avx512_vnni_256");

}  // namespace riposte::kernels

#endif
