// The kernels for AVX2 with FMA and F16C (Haswell, Zen and later).
#if defined(__x86_64__)

#include "kernels/pair_group.inl.h"
#include "kernels/simd_avx2.h"
#include "kernels/table.inl.h"

namespace riposte::kernels {

constinit const Kernels kAvx2 = table_of<Avx2, PairDot<Avx2>>("avx2");

}  // namespace riposte::kernels

#endif
