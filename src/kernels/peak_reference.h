// The peak loops of the reference, in portable C++: the ceiling of scalar code, as the compiler makes it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hardware/peak_loops.h"

namespace riposte::kernels {

inline int64_t scalar_peak_int8(int64_t rounds) {
  constexpr int kSums = 8;
  volatile int8_t source = 3;
  uint32_t sums[kSums] = {};  // which may wrap around
  for (int64_t round = 0; round < rounds; ++round) {
    const int32_t weight = source, activation = source;
    for (int i = 0; i < kSums; ++i) sums[i] += static_cast<uint32_t>((weight + i) * activation);
  }
  uint32_t all = 0;
  for (const uint32_t sum : sums) all ^= sum;
  source = static_cast<int8_t>(all & 1);
  return rounds * kSums;
}

inline int64_t scalar_peak_float(int64_t rounds) {
  constexpr int kSums = 8;
  volatile float source = 0.5f;
  float sums[kSums] = {0, 1, 2, 3, 4, 5, 6, 7};
  for (int64_t round = 0; round < rounds; ++round) {
    const float factor = source;
    for (float& sum : sums) sum = sum * factor + 1.0f;
  }
  float all = 0;
  for (const float sum : sums) all += sum;
  source = all;
  return rounds * kSums;
}

inline void scalar_peak_read(const std::byte* data, size_t bytes, size_t ahead) {
  const auto* words = reinterpret_cast<const uint64_t*>(data);
  uint64_t seen[8] = {};
  for (size_t word = 0; word < bytes / 8; word += 8) {
    if (ahead > 0) __builtin_prefetch(reinterpret_cast<const char*>(words + word) + ahead);
    for (size_t i = 0; i < 8; ++i) seen[i] |= words[word + i];
  }
  volatile uint64_t result = 0;
  for (const uint64_t one : seen) result = result | one;
}

inline constexpr hardware::PeakLoops kReferencePeak = {"reference", scalar_peak_int8, scalar_peak_float,
                                                       scalar_peak_read};

}  // namespace riposte::kernels
