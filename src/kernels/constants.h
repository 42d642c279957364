// The constants of exp(x), shared by all forms of it.
//
//   x is clamped to [-87, 88];  n = x * log2(e), rounded to the nearest even integer
//   r = fma(-n, ln2_high, x);  r = fma(-n, ln2_low, r)              |r| <= ln(2) / 2 and a little
//   p = 1 + r + r^2 * (c2 + r (c3 + r (c4 + r (c5 + r c6)))), by Horner's rule with fma
//   exp(x) = p * 2^n, by adding n to the exponent field: n in [-126, 127], so no subnormal and no overflow arises
//
// The coefficients are those of the Taylor series: at |r| < 0.347 the first term left out is r^7/5040 < 1.2e-7 of the
// result, one unit in the last place.
#pragma once

#include <cstdint>

namespace riposte::kernels {

inline constexpr float kExpLowest = -87.0f;
inline constexpr float kExpHighest = 88.0f;
inline constexpr float kLog2E = 1.44269504088896341f;
inline constexpr float kLn2High = 0.693359375f;       // 9 bits: n * ln2_high is exact
inline constexpr float kLn2Low = -2.12194440e-4f;
inline constexpr float kExp2 = 1.0f / 2.0f;
inline constexpr float kExp3 = 1.0f / 6.0f;
inline constexpr float kExp4 = 1.0f / 24.0f;
inline constexpr float kExp5 = 1.0f / 120.0f;
inline constexpr float kExp6 = 1.0f / 720.0f;

inline constexpr float kGeluCubic = 0.044715f;
inline constexpr float kGeluScale = 0.797884560802865356f;  // sqrt(2 / pi)

inline constexpr int32_t kInfinityBits = 0x7f800000;  // of float32, as an integer; those of a NaN are greater
inline constexpr float kLargestHalf = 65504.0f;
inline constexpr float kSmallestGroup = 0x1p-100f;  // below it a group of activations is zero

}  // namespace riposte::kernels
