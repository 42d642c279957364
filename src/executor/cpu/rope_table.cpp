#include "executor/cpu/rope_table.h"

#include <cmath>
#include <numbers>

namespace riposte::executor {
namespace {

// exp(x) for |x| < 700: x = n ln 2 + r, the Taylor series of exp(r) for |r| <= 0.35 (the 15th term is below 1e-18), and
// 2^n by ldexp, which is exact.
double exponential(double x) {
  const double n = std::nearbyint(x * std::numbers::log2e);
  const double r = (x - n * 0x1.62e42fee00000p-1) - n * 0x1.a39ef35793c76p-33;  // ln 2 in two parts
  double sum = 1.0;
  for (int term = 14; term >= 1; --term) sum = 1.0 + sum * r / term;
  return std::ldexp(sum, static_cast<int>(n));
}

// ln(x) for x >= 1: x = m 2^n with m in [sqrt(1/2), sqrt(2)), and ln m = 2 artanh((m - 1) / (m + 1)) as its series.
double logarithm(double x) {
  int n = 0;
  double m = std::frexp(x, &n);
  if (m < std::numbers::sqrt2 / 2) {
    m *= 2;
    --n;
  }
  const double t = (m - 1) / (m + 1);
  double sum = 0.0;
  for (int power = 39; power >= 1; power -= 2) sum = sum * t * t + 1.0 / power;
  return 2 * t * sum + n * std::numbers::ln2;
}

// Cosine and sine of x >= 0: the angle is taken to [-pi/4, pi/4] with pi/2 in three parts of 33 bits (exact products
// for up to 2^20 quarter turns), then Taylor series (the terms left out are below 1e-17).
void cosine_and_sine(double x, float* cosine, float* sine) {
  const double quarters = std::nearbyint(x * (2 / std::numbers::pi));
  double r = x - quarters * 0x1.921fb54400000p+0;
  r = r - quarters * 0x1.0b4611a600000p-34;
  r = r - quarters * 0x1.3198a2e037073p-69;
  const double square = r * r;
  double c = 1.0, s = 1.0;
  for (int k = 9; k >= 1; --k) {
    c = 1.0 - c * square / ((2 * k - 1) * (2 * k));
    s = 1.0 - s * square / ((2 * k) * (2 * k + 1));
  }
  s *= r;
  switch (static_cast<int64_t>(quarters) & 3) {
    case 0: *cosine = static_cast<float>(c), *sine = static_cast<float>(s); break;
    case 1: *cosine = static_cast<float>(-s), *sine = static_cast<float>(c); break;
    case 2: *cosine = static_cast<float>(-c), *sine = static_cast<float>(-s); break;
    default: *cosine = static_cast<float>(s), *sine = static_cast<float>(-c); break;
  }
}

}  // namespace

RopeTable::RopeTable(const model::ModelConfig& config, bool local, std::span<const float> factors, int32_t positions)
    : half_(static_cast<size_t>(config.head_size) / 2), table_(static_cast<size_t>(positions) * 2 * half_) {
  const double log_base = logarithm(local ? config.rope_base_local : config.rope_base);
  for (size_t pair = 0; pair < half_; ++pair) {
    double frequency = exponential(-2.0 * static_cast<double>(pair) / config.head_size * log_base);
    if (!local) {
      frequency /= config.rope_scale;
      if (!factors.empty()) frequency /= static_cast<double>(factors[pair]);
    }
    for (int32_t position = 0; position < positions; ++position) {
      float* row = table_.data() + static_cast<size_t>(position) * 2 * half_;
      // No real model turns more than 2^20 quarters; a file with absurd factors does not turn at all.
      const double angle = position * frequency;
      cosine_and_sine(angle >= 0 && angle < 0x1p20 ? angle : 0.0, row + pair, row + half_ + pair);
    }
  }
}

}  // namespace riposte::executor
