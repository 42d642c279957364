#include "quant/half.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace riposte::quant {
namespace {

constexpr uint16_t kInfinity = 0x7c00;

// The definition in IEEE 754, in doubles: sign, 5 bits of exponent, 10 of fraction.
double defined_value(uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int fraction = half & 1023;
  const double magnitude =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return half & 0x8000 ? -magnitude : magnitude;
}

bool is_nan(uint16_t half) {
  return (half & 0x7fff) > kInfinity;
}

// The nearest half by search among all of them; of two equally near, the one with an even last bit. Infinity
// takes the place of 65536, the value that would follow the largest finite half.
uint16_t nearest_half(float value) {
  static const std::vector<double> kValues = [] {
    std::vector<double> values;
    for (uint16_t half = 0; half <= kInfinity; ++half) values.push_back(defined_value(half));
    return values;
  }();
  const uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::fabs(static_cast<double>(value));
  const auto above = std::lower_bound(kValues.begin(), kValues.end(), magnitude);
  if (above == kValues.end()) return sign | kInfinity;
  uint16_t half = static_cast<uint16_t>(above - kValues.begin());
  if (half > 0) {
    const double up = *above - magnitude;
    const double down = magnitude - *(above - 1);
    if (down < up || (down == up && half % 2 == 1)) --half;
  }
  return sign | half;
}

TEST(HalfToFloat, GivesTheDefinedValueOfEveryFiniteHalf) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    if ((half & 0x7fff) >= kInfinity) continue;
    const float value = half_to_float(half);
    ASSERT_EQ(static_cast<double>(value), defined_value(half)) << bits;
    ASSERT_EQ(std::signbit(value), (half & 0x8000) != 0) << bits;
  }
}

TEST(HalfToFloat, KeepsInfinitiesAndNans) {
  EXPECT_EQ(half_to_float(kInfinity), std::numeric_limits<float>::infinity());
  EXPECT_EQ(half_to_float(0x8000 | kInfinity), -std::numeric_limits<float>::infinity());
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    if (!is_nan(half)) continue;
    ASSERT_TRUE(std::isnan(half_to_float(half))) << bits;
  }
}

TEST(FloatToHalf, BringsEveryHalfBackUnchanged) {
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const uint16_t back = float_to_half(half_to_float(half));
    if (is_nan(half)) {
      ASSERT_TRUE(is_nan(back)) << bits;
    } else {
      ASSERT_EQ(back, half);
    }
  }
}

TEST(FloatToHalf, RoundsTiesToEvenBetweenAllNeighbours) {
  for (uint16_t half = 0; half < kInfinity; ++half) {
    const auto middle = static_cast<float>((defined_value(half) + defined_value(half + 1)) / 2);
    for (const float value : {std::nextafterf(middle, 0.0f), middle, std::nextafterf(middle, 1e9f)}) {
      ASSERT_EQ(float_to_half(value), nearest_half(value)) << value;
      ASSERT_EQ(float_to_half(-value), nearest_half(-value)) << -value;
    }
  }
}

TEST(FloatToHalf, GivesTheNearestHalfAcrossAllFloats) {
  constexpr uint64_t kStride = 4093;  // a prime: a million floats, all exponents, all kinds of low bits
  for (uint64_t bits = 0; bits <= 0xffffffffu; bits += kStride) {
    const float value = std::bit_cast<float>(static_cast<uint32_t>(bits));
    if (std::isnan(value)) {
      ASSERT_TRUE(is_nan(float_to_half(value))) << bits;
    } else {
      ASSERT_EQ(float_to_half(value), nearest_half(value)) << value;
    }
  }
}

TEST(Bfloat16ToFloat, IsTheUpperHalfOfAFloat) {
  EXPECT_EQ(bfloat16_to_float(0x3f80), 1.0f);
  EXPECT_EQ(bfloat16_to_float(0xc0a0), -5.0f);
  EXPECT_EQ(bfloat16_to_float(0x0001), 0x1p-133f);
  EXPECT_TRUE(std::isinf(bfloat16_to_float(0x7f80)));
  EXPECT_TRUE(std::isnan(bfloat16_to_float(0x7fc0)));
}

}  // namespace
}  // namespace riposte::quant
