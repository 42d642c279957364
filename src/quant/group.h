// One row's share of a group, taken out of a GGUF block: the step between the file's layout and the panels'.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gguf/types.h"
#include "quant/packed.h"

namespace riposte::quant {

// A row's 32 integers and its scales, in the terms of packed.h.
struct RowGroup {
  uint8_t q[kGroupSize];
  uint16_t scale_half = 0;    // kHalf32
  uint16_t minimum_half = 0;  // kHalf32
  int8_t scale[2] = {0, 0};   // kK32 uses the first as uint8, kK16 both
  uint8_t minimum[2] = {0, 0};
  uint16_t d_half = 0;        // kK32, kK16: the same for all groups of a superblock
  uint16_t m0_half = 0;
};

// Reads group `group` of a row of blocks. The row has `columns` elements (for floating-point types the last group may be
// short: the rest is zero).
RowGroup read_group(gguf::TensorType type, std::span<const std::byte> row, int64_t group, int64_t columns);

}  // namespace riposte::quant
