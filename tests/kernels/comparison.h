// What the tests that compare kernels bit for bit share.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/ops.h"

namespace riposte::test {

inline const kernels::Kernels& reference() { return **kernels::find_kernels("reference"); }

inline std::vector<const kernels::Kernels*> fast_kernels() {
  const auto all = kernels::available_kernels();
  std::vector<const kernels::Kernels*> fast(all.begin(), all.end());
  std::erase_if(fast, [](const kernels::Kernels* table) { return table->name == "reference"; });
  return fast;
}

inline ::testing::AssertionResult same_bits(std::span<const float> expected, std::span<const float> found) {
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::bit_cast<uint32_t>(expected[i]) != std::bit_cast<uint32_t>(found[i])) {
      return ::testing::AssertionFailure() << "at " << i << ": expected " << expected[i] << ", found " << found[i];
    }
  }
  return ::testing::AssertionSuccess();
}

// Memory for a block of activations.
struct Activations {
  Activations(int rows, int width, int columns)
      : groups(static_cast<size_t>((columns + 31) / 32)),
        q(groups * static_cast<size_t>(width) * 32),
        scales(groups * static_cast<size_t>(width)) {
    block = {q.data(), scales.data(), rows, width};
  }
  size_t groups;
  std::vector<int8_t> q;
  std::vector<kernels::GroupScale> scales;
  kernels::ActivationBlock block;
};

}  // namespace riposte::test
