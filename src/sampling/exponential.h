// e^x for weights of a softmax. libm's exp differs in its last bit between versions and machines; this one is
// made of additions and multiplications alone, so it has the same bits wherever arithmetic is IEEE 754 and
// not contracted.
#pragma once

#include <bit>
#include <cstdint>

namespace riposte::sampling {

inline constexpr double kLeastExponent = -700.0;  // e^-700 = 1e-304: still a normal number

// For kLeastExponent <= x <= 0; within 2 units in the last place. Branch-free, so that loops over it
// vectorise.
//
// x = n ln 2 + r with |r| <= ln 2 / 2; e^r by its Taylor polynomial of degree 13, whose remainder r^14 / 14!
// is below 2^-57; times 2^n by adding n to the exponent's bits.
inline double exponential(double x) {
  constexpr double kLog2E = 0x1.71547652b82fep0;
  constexpr double kLn2High = 0x1.62e42fee00000p-1;  // ends in 21 zero bits: n * kLn2High is exact
  constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
  constexpr double kRounder = 0x1.8p52;  // adding it rounds to an integer, which then lies in the lowest bits

  const double shifted = x * kLog2E + kRounder;
  const double n = shifted - kRounder;
  const double r = (x - n * kLn2High) - n * kLn2Low;
  double sum = 1.0 / 6227020800.0;
  sum = sum * r + 1.0 / 479001600.0;
  sum = sum * r + 1.0 / 39916800.0;
  sum = sum * r + 1.0 / 3628800.0;
  sum = sum * r + 1.0 / 362880.0;
  sum = sum * r + 1.0 / 40320.0;
  sum = sum * r + 1.0 / 5040.0;
  sum = sum * r + 1.0 / 720.0;
  sum = sum * r + 1.0 / 120.0;
  sum = sum * r + 1.0 / 24.0;
  sum = sum * r + 1.0 / 6.0;
  sum = sum * r + 0.5;
  sum = sum * r + 1.0;
  sum = sum * r + 1.0;
  return std::bit_cast<double>(std::bit_cast<uint64_t>(sum) + (std::bit_cast<uint64_t>(shifted) << 52));
}

}  // namespace riposte::sampling
