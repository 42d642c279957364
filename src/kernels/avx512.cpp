// The kernels for AVX-512 F, BW, VL and DQ without VNNI (Skylake-X, Cascade Lake's elders).
#if defined(__x86_64__)

#include "kernels/pair_dot.inl.h"
#include "kernels/quantize_avx512.h"
#include "kernels/simd_avx512.h"
#include "kernels/table.inl.h"

namespace riposte::kernels {

constinit const Kernels kAvx512 = table_of<Avx512, PairDot<Avx512>>("avx512");

}  // namespace riposte::kernels

#endif
