// The kernels for 64-bit Arm with the dot product instructions (Armv8.2 FEAT_DotProd: Cortex-A76, Neoverse N1 and later).
#if defined(__aarch64__)

#include "kernels/simd_neon.h"
#include "kernels/table.inl.h"

namespace {

// sdot: four products of signed bytes and the sum in 32 bits, the activations taken from a quarter of a vector.
struct Dot {
  template <int bits, int columns, int rows>
  static void dot(int32x4_t (&sum)[rows], const int32x4_t* weights, const int32_t* activations) {
    if constexpr (columns == 1) {
      static_assert(bits < 8, "a single column of 8 bits would need the correction below");
      for (int r = 0; r < rows; ++r) {
        const int8x16_t a = vreinterpretq_s8_s32(vdupq_n_s32(activations[r * 8]));
        sum[r] = vdotq_s32(sum[r], vreinterpretq_s8_s32(weights[0]), a);
      }
      return;
    }
#pragma GCC unroll 2
    for (int c = 0; c + 4 <= columns; c += 4) {
      int8x16_t w[4];
#pragma GCC unroll 4
      for (int i = 0; i < 4; ++i) {
        w[i] = vreinterpretq_s8_s32(weights[c + i]);
        // A signed byte holds weights below 128. With its top bit flipped a byte q is q - 128.
        if constexpr (bits == 8) w[i] = veorq_s8(w[i], vdupq_n_s8(-128));
      }
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r) {
        const int8x16_t a = vreinterpretq_s8_s32(vld1q_s32(activations + r * 8 + c));
        sum[r] = vdotq_laneq_s32(sum[r], w[0], a, 0);
        sum[r] = vdotq_laneq_s32(sum[r], w[1], a, 1);
        sum[r] = vdotq_laneq_s32(sum[r], w[2], a, 2);
        sum[r] = vdotq_laneq_s32(sum[r], w[3], a, 3);
        // What the flipped bits took away: 128 times the sum of the activations, in every lane.
        if constexpr (bits == 8) sum[r] = vaddq_s32(sum[r], vdupq_n_s32(vaddlvq_s8(a) * 128));
      }
    }
  }
};

}  // namespace

namespace riposte::kernels {

constinit const Kernels kNeonDotprod = table_of<Neon, Dot>("neon_dotprod");

}  // namespace riposte::kernels

#endif
