// The handful of NEON primitives that the shared kernels are written in. A vector is 4 lanes: a quarter of a panel.
// Included by neon_dotprod.cpp and neon_i8mm.cpp only.
#pragma once

#include <arm_neon.h>

#include <cstdint>

namespace {

struct Neon {
  static constexpr int kRows = 4;    // lanes of 32 bits
  using I = int32x4_t;
  using F = float32x4_t;
  struct PairOfSums {
    int32_t first, second;
  };

  // Asks for the cache line at `at`, to be kept in the second-level cache. Any address is allowed.
  static void prefetch(const void* at) { __builtin_prefetch(at, 0, 2); }

  static I zero() { return vdupq_n_s32(0); }
  static I load(const void* at) { return vreinterpretq_s32_u8(vld1q_u8(static_cast<const uint8_t*>(at))); }
  static I broadcast(int32_t value) { return vdupq_n_s32(value); }
  static I broadcast8(int8_t value) { return vreinterpretq_s32_s8(vdupq_n_s8(value)); }
  static I bits_and(I a, I b) { return vandq_s32(a, b); }
  static I bits_or(I a, I b) { return vorrq_s32(a, b); }
  static I add(I a, I b) { return vaddq_s32(a, b); }
  static I multiply(I a, I b) { return vmulq_s32(a, b); }
  static I greater(I a, I b) { return vmaxq_s32(a, b); }
  static int32_t greatest_lane(I a) { return vmaxvq_s32(a); }
  static int32_t sum_of_lanes(I a) { return vaddvq_s32(a); }
  // The sums of lanes i with i % 4 < 2, and of the others.
  static PairOfSums sums_of_pairs(I a) {
    const int32x4_t pairs = vpaddq_s32(a, a);
    return {vgetq_lane_s32(pairs, 0), vgetq_lane_s32(pairs, 1)};
  }
  template <int n>
  static I shift_left32(I a) { return vshlq_n_s32(a, n); }
  template <int n>
  static I shift_left16(I a) { return vreinterpretq_s32_u16(vshlq_n_u16(vreinterpretq_u16_s32(a), n)); }
  template <int n>
  static I shift_right16(I a) {
    if constexpr (n == 0) return a;  // the instruction shifts by 1 to 16
    else return vreinterpretq_s32_u16(vshrq_n_u16(vreinterpretq_u16_s32(a), n));
  }

  static F zero_f() { return vdupq_n_f32(0.0f); }
  static F broadcast_f(float value) { return vdupq_n_f32(value); }
  static F load_f(const float* at) { return vld1q_f32(at); }
  static F load_some(const float* at, int n) {
    if (n >= kRows) return load_f(at);
    float lanes[kRows] = {};
    for (int i = 0; i < n; ++i) lanes[i] = at[i];
    return vld1q_f32(lanes);
  }
  static void store_f(float* at, F value) { vst1q_f32(at, value); }
  static void store_some(float* at, F value, int n) {
    if (n >= kRows) return store_f(at, value);
    float lanes[kRows];
    vst1q_f32(lanes, value);
    for (int i = 0; i < n; ++i) at[i] = lanes[i];
  }
  static F load_halves(const void* at) {
    return vcvt_f32_f16(vreinterpret_f16_u8(vld1_u8(static_cast<const uint8_t*>(at))));
  }
  static void store_halves(void* at, F value) {
    vst1_u8(static_cast<uint8_t*>(at), vreinterpret_u8_f16(vcvt_f16_f32(value)));
  }
  static F load_uint8(const void* at) {
    uint32_t bytes;
    __builtin_memcpy(&bytes, at, sizeof bytes);
    return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(bytes)))));
  }
  static F load_int8(const void* at) {
    uint32_t bytes;
    __builtin_memcpy(&bytes, at, sizeof bytes);
    return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vcreate_s8(bytes)))));
  }
  static F add(F a, F b) { return vaddq_f32(a, b); }
  static F subtract(F a, F b) { return vsubq_f32(a, b); }
  static F multiply(F a, F b) { return vmulq_f32(a, b); }
  static F divide(F a, F b) { return vdivq_f32(a, b); }
  static F fma(F a, F b, F c) { return vfmaq_f32(c, a, b); }
  static F negative_fma(F a, F b, F c) { return vfmsq_f32(c, a, b); }
  // Compared and selected: fmin and fmax would return NaN where the definition takes the second operand.
  static F lesser(F a, F b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
  static F greater(F a, F b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
  static F to_float(I a) { return vcvtq_f32_s32(a); }
  static I to_int(F a) { return vcvtnq_s32_f32(a); }
  static F as_float(I a) { return vreinterpretq_f32_s32(a); }
  static I as_int(F a) { return vreinterpretq_s32_f32(a); }
  static void store_bytes(int8_t* at, I value) {
    const int16x4_t halves = vmovn_s32(value);
    const int8x8_t bytes = vmovn_s16(vcombine_s16(halves, halves));
    const int32_t four = vget_lane_s32(vreinterpret_s32_s8(bytes), 0);
    __builtin_memcpy(at, &four, sizeof four);
  }
  static F keep(F value, F other, int begin, int end) {
    const I lane = vcombine_s32(vcreate_s32(uint64_t{1} << 32), vcreate_s32(uint64_t{3} << 32 | 2));  // 0, 1, 2, 3
    const uint32x4_t inside = vandq_u32(vcgeq_s32(lane, vdupq_n_s32(begin)), vcltq_s32(lane, vdupq_n_s32(end)));
    return vbslq_f32(inside, value, other);
  }
};

}  // namespace
