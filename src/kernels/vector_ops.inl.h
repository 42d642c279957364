// The operations along rows, once for every instruction set. S is one of the simd_*.h structs; each source file that
// includes this gets its own copy (unnamed namespace), compiled for its own instructions.
#pragma once

#include <cstring>

#include "kernels/constants.h"
#include "kernels/ops.h"

namespace {

using namespace riposte::kernels;  // NOLINT: a private part of the files that include it
using riposte::quant::kGroupSize;

// 16 lanes as one to four vectors.
template <class S>
struct Lanes {
  static constexpr int kParts = kLanes / S::kRows;
  typename S::F part[kParts];

  template <class F>
  static Lanes each(F&& f) {
    Lanes out;
    for (int p = 0; p < kParts; ++p) out.part[p] = f(p);
    return out;
  }
  static Lanes broadcast(float value) {
    return each([&](int) { return S::broadcast_f(value); });
  }
  static Lanes load(const float* at) {
    return each([&](int p) { return S::load_f(at + p * S::kRows); });
  }
  // The first n values, 1 <= n <= 16; the other lanes are +0.
  static Lanes load(const float* at, int n) {
    if (n >= kLanes) return load(at);
    return each([&](int p) { return p * S::kRows < n ? S::load_some(at + p * S::kRows, n - p * S::kRows) : S::zero_f(); });
  }
  static Lanes load_halves(const uint16_t* at) {
    return each([&](int p) { return S::load_halves(at + p * S::kRows); });
  }
  void store(float* at) const {
    for (int p = 0; p < kParts; ++p) S::store_f(at + p * S::kRows, part[p]);
  }
  void store(float* at, int n) const {
    if (n >= kLanes) return store(at);
    for (int p = 0; p * S::kRows < n; ++p) S::store_some(at + p * S::kRows, part[p], n - p * S::kRows);
  }
  Lanes keep(Lanes other, int begin, int end) const {
    return each([&](int p) { return S::keep(part[p], other.part[p], begin - p * S::kRows, end - p * S::kRows); });
  }

  friend Lanes operator+(Lanes a, Lanes b) { return each([&](int p) { return S::add(a.part[p], b.part[p]); }); }
  friend Lanes operator-(Lanes a, Lanes b) { return each([&](int p) { return S::subtract(a.part[p], b.part[p]); }); }
  friend Lanes operator*(Lanes a, Lanes b) { return each([&](int p) { return S::multiply(a.part[p], b.part[p]); }); }
  friend Lanes operator/(Lanes a, Lanes b) { return each([&](int p) { return S::divide(a.part[p], b.part[p]); }); }
};

template <class S>
Lanes<S> fma(Lanes<S> a, Lanes<S> b, Lanes<S> c) {
  return Lanes<S>::each([&](int p) { return S::fma(a.part[p], b.part[p], c.part[p]); });
}
template <class S>
Lanes<S> negative_fma(Lanes<S> a, Lanes<S> b, Lanes<S> c) {
  return Lanes<S>::each([&](int p) { return S::negative_fma(a.part[p], b.part[p], c.part[p]); });
}
template <class S>
Lanes<S> lesser(Lanes<S> a, Lanes<S> b) {
  return Lanes<S>::each([&](int p) { return S::lesser(a.part[p], b.part[p]); });
}
template <class S>
Lanes<S> greater(Lanes<S> a, Lanes<S> b) {
  return Lanes<S>::each([&](int p) { return S::greater(a.part[p], b.part[p]); });
}

template <class S>
float row_sum(Lanes<S> value) {
  float lanes[kLanes];
  value.store(lanes);
  for (int half = kLanes / 2; half >= 1; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] = lanes[i] + lanes[i + half];
  }
  return lanes[0];
}

template <class S>
float greatest_of(Lanes<S> value) {
  float lanes[kLanes];
  value.store(lanes);
  float greatest = lanes[0];
  for (int i = 1; i < kLanes; ++i) greatest = lanes[i] > greatest ? lanes[i] : greatest;
  return greatest;
}

template <class S>
Lanes<S> exp_of(Lanes<S> x) {
  using L = Lanes<S>;
  x = lesser(greater(x, L::broadcast(kExpLowest)), L::broadcast(kExpHighest));
  const L scaled = x * L::broadcast(kLog2E);
  typename S::I n[L::kParts];
  for (int p = 0; p < L::kParts; ++p) n[p] = S::to_int(scaled.part[p]);
  const L rounded = L::each([&](int p) { return S::to_float(n[p]); });
  L r = negative_fma(rounded, L::broadcast(kLn2High), x);
  r = negative_fma(rounded, L::broadcast(kLn2Low), r);
  L e = fma(L::broadcast(kExp6), r, L::broadcast(kExp5));
  e = fma(e, r, L::broadcast(kExp4));
  e = fma(e, r, L::broadcast(kExp3));
  e = fma(e, r, L::broadcast(kExp2));
  e = fma(e, r, L::broadcast(1.0f));
  e = fma(e, r, L::broadcast(1.0f));
  return L::each([&](int p) {
    return S::as_float(S::add(S::as_int(e.part[p]), S::template shift_left32<23>(n[p])));
  });
}

template <class S>
float sum_of_squares(const float* x, int n) {
  Lanes<S> sum = Lanes<S>::broadcast(0.0f);
  for (int i = 0; i < n; i += kLanes) {
    const auto value = Lanes<S>::load(x + i, n - i);
    sum = fma(value, value, sum);
  }
  return row_sum(sum);
}

template <class S>
void rms_norm(const float* x, const float* weight, float epsilon, float* out, int n) {
  const float mean = sum_of_squares<S>(x, n) / static_cast<float>(n);
  const auto r = Lanes<S>::broadcast(1.0f / __builtin_sqrtf(mean + epsilon));
  for (int i = 0; i < n; i += kLanes) {
    ((Lanes<S>::load(x + i, n - i) * r) * Lanes<S>::load(weight + i, n - i)).store(out + i, n - i);
  }
}

template <class S>
void energy(const float* x, int n, float* greatest, float* sum) {
  auto most = Lanes<S>::broadcast(0.0f);
  for (int i = 0; i < n; i += kLanes) {
    const auto value = Lanes<S>::load(x + i, n - i);
    most = ::greater(value * value, most);
  }
  *greatest = greatest_of(most);
  *sum = sum_of_squares<S>(x, n);
}

template <class S>
void silu_multiply(const float* gate, const float* up, float* out, int n) {
  using L = Lanes<S>;
  const L one = L::broadcast(1.0f);
  const L zero = L::broadcast(0.0f);
  for (int i = 0; i < n; i += kLanes) {
    const L g = L::load(gate + i, n - i);
    ((g / (one + exp_of(zero - g))) * L::load(up + i, n - i)).store(out + i, n - i);
  }
}

template <class S>
void gelu_multiply(const float* gate, const float* up, float* out, int n) {
  using L = Lanes<S>;
  const L one = L::broadcast(1.0f);
  const L two = L::broadcast(2.0f);
  for (int i = 0; i < n; i += kLanes) {
    const L g = L::load(gate + i, n - i);
    const L u = L::broadcast(kGeluScale) * fma((L::broadcast(kGeluCubic) * g) * g, g, g);
    const L t = one - two / (exp_of(u + u) + one);
    (((L::broadcast(0.5f) * g) * (one + t)) * L::load(up + i, n - i)).store(out + i, n - i);
  }
}

template <class S>
void add(const float* x, float* out, int n) {
  for (int i = 0; i < n; i += kLanes) {
    (Lanes<S>::load(out + i, n - i) + Lanes<S>::load(x + i, n - i)).store(out + i, n - i);
  }
}

template <class S>
void scale(const float* x, float factor, float* out, int n) {
  const auto by = Lanes<S>::broadcast(factor);
  for (int i = 0; i < n; i += kLanes) (Lanes<S>::load(x + i, n - i) * by).store(out + i, n - i);
}

template <class S>
void rotate(float* a, float* b, const float* cosine, const float* sine, int n) {
  using L = Lanes<S>;
  for (int i = 0; i < n; i += kLanes) {
    const L first = L::load(a + i, n - i), second = L::load(b + i, n - i);
    const L c = L::load(cosine + i, n - i), s = L::load(sine + i, n - i);
    negative_fma(second, s, first * c).store(a + i, n - i);
    fma(first, s, second * c).store(b + i, n - i);
  }
}

template <class S>
void to_half(const float* x, uint16_t* out, int n) {
  using L = Lanes<S>;
  for (int i = 0; i < n; i += kLanes) {
    const L value = greater(lesser(L::load(x + i, n - i), L::broadcast(kLargestHalf)), L::broadcast(-kLargestHalf));
    uint16_t halves[kLanes];
    for (int p = 0; p < L::kParts; ++p) S::store_halves(halves + p * S::kRows, value.part[p]);
    const int count = n - i < kLanes ? n - i : kLanes;
    std::memcpy(out + i, halves, static_cast<size_t>(count) * sizeof(uint16_t));
  }
}

template <class S>
int argmax(const float* x, int n) {
  // The greatest value of all, then the first place where it stands. NaN never compares greater.
  auto most = Lanes<S>::broadcast(-__builtin_inff());
  int i = 0;
  for (; i + kLanes <= n; i += kLanes) most = ::greater(Lanes<S>::load(x + i), most);
  float greatest = greatest_of(most);
  for (; i < n; ++i) greatest = x[i] > greatest ? x[i] : greatest;
  if (!(greatest > -__builtin_inff())) return 0;
  for (int at = 0; at < n; ++at) {
    if (x[at] == greatest) return at;
  }
  return 0;
}

}  // namespace
