// The kernels for 64-bit Arm with mixed-sign dot products (FEAT_I8MM: Neoverse V1 and N2, Cortex-A510 and later).
#if defined(__aarch64__)

#include "kernels/simd_neon.h"
#include "kernels/table.inl.h"

namespace {

// usdot: as sdot, of unsigned and signed bytes: 8-bit weights need no correction.
struct Dot {
  template <int bits, int columns, int rows>
  static void dot(int32x4_t (&sum)[rows], const int32x4_t* weights, const int32_t* activations) {
    if constexpr (columns == 1) {
      for (int r = 0; r < rows; ++r) {
        const int8x16_t a = vreinterpretq_s8_s32(vdupq_n_s32(activations[r * 8]));
        sum[r] = vusdotq_s32(sum[r], vreinterpretq_u8_s32(weights[0]), a);
      }
      return;
    }
#pragma GCC unroll 2
    for (int c = 0; c + 4 <= columns; c += 4) {
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r) {
        const int8x16_t a = vreinterpretq_s8_s32(vld1q_s32(activations + r * 8 + c));
        sum[r] = vusdotq_laneq_s32(sum[r], vreinterpretq_u8_s32(weights[c]), a, 0);
        sum[r] = vusdotq_laneq_s32(sum[r], vreinterpretq_u8_s32(weights[c + 1]), a, 1);
        sum[r] = vusdotq_laneq_s32(sum[r], vreinterpretq_u8_s32(weights[c + 2]), a, 2);
        sum[r] = vusdotq_laneq_s32(sum[r], vreinterpretq_u8_s32(weights[c + 3]), a, 3);
      }
    }
  }
};

}  // namespace

namespace riposte::kernels {

constinit const Kernels kNeonI8mm = table_of<Neon, Dot>("neon_i8mm");

}  // namespace riposte::kernels

#endif
