// Activations to int8 and back, once for every instruction set (see vector_ops.inl.h).
#pragma once

#include <cstring>

#include "kernels/constants.h"
#include "kernels/vector_ops.inl.h"

namespace {

// Several whole groups at once, where an instruction set brings a form of that: kGroups, and
//   bool quantize(x, q, scales, width)    false, and nothing done, if one of the groups is all zero by
//   definition
template <class S>
struct GroupsTogether {
  static constexpr int kGroups = 0;
};

// The first n values of a group, the others are zero.
template <class S>
void quantize_group(const float* x, int n, int8_t* q, GroupScale& scale) {
  using L = Lanes<S>;
  using I = typename S::I;
  const L values[2] = {L::load(x, n), n > kLanes ? L::load(x + kLanes, n - kLanes) : L::broadcast(0.0f)};
  I most = S::zero();
  for (const L& half : values) {
    for (auto part : half.part)
      most = S::greater(most, S::bits_and(S::as_int(part), S::broadcast(0x7fffffff)));
  }
  const int32_t largest_bits = S::greatest_lane(most);
  float largest;
  std::memcpy(&largest, &largest_bits, sizeof largest);
  if (largest_bits >= kInfinityBits || largest < kSmallestGroup) {
    std::memset(q, 0, kGroupSize);
    scale = GroupScale{};
    return;
  }
  const auto inverse = S::broadcast_f(127.0f / largest);
  int sums[2];
  I squares = S::zero();
  for (int half = 0; half < 2; ++half) {
    I sum = S::zero();
    for (int p = 0; p < L::kParts; ++p) {
      const I rounded = S::to_int(S::multiply(values[half].part[p], inverse));
      squares = S::add(squares, S::multiply(rounded, rounded));
      S::store_bytes(q + half * kLanes + p * S::kRows, rounded);
      sum = S::add(sum, rounded);
    }
    const auto [first, second] = S::sums_of_pairs(sum);
    sums[half] = first + second;
    scale.negative_pair_sums[half][0] = static_cast<int16_t>(-first);
    scale.negative_pair_sums[half][1] = static_cast<int16_t>(-second);
  }
  scale.d = largest / 127.0f;
  scale.d_sum = scale.d * static_cast<float>(sums[0] + sums[1]);
  scale.negative_sum = -(sums[0] + sums[1]);
  scale.negative_half_sums[0] = -sums[0];
  scale.negative_half_sums[1] = -sums[1];
  scale.squares = S::sum_of_lanes(squares);
}

template <class S>
void quantize(const float* x, int n, const ActivationBlock& block, int row) {
  using Together = GroupsTogether<S>;
  int8_t* q = block.q + static_cast<int64_t>(row) * kGroupSize;
  GroupScale* scale = block.scales + row;
  while (n > 0) {
    int groups = 1;
    if constexpr (Together::kGroups > 0) {
      constexpr int kCount = Together::kGroups;
      if (n >= kCount * kGroupSize && Together::quantize(x, q, scale, block.width)) groups = kCount;
    }
    if (groups == 1) quantize_group<S>(x, n, q, *scale);
    x += groups * kGroupSize;
    n -= groups * kGroupSize;
    q += static_cast<int64_t>(groups) * block.width * kGroupSize;
    scale += static_cast<int64_t>(groups) * block.width;
  }
}

template <class S>
void residual(const float* x, int n, const ActivationBlock& block, int row, float* out) {
  for (int i = 0; i < n; i += kLanes) {
    const int64_t at = static_cast<int64_t>(i / kGroupSize) * block.width + row;
    const int8_t* q = block.q + at * kGroupSize + i % kGroupSize;
    const auto quantized = Lanes<S>::each([&](int p) { return S::load_int8(q + p * S::kRows); });
    negative_fma(Lanes<S>::broadcast(block.scales[at].d), quantized, Lanes<S>::load(x + i, n - i))
        .store(out + i, n - i);
  }
}

}  // namespace
