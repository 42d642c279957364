// Rounding float32 to a GGUF tensor type.
#pragma once

#include <cstddef>
#include <span>

namespace riposte::quant {

// A row of Q4_1 blocks: 16 even steps from the least to the greatest of 32 values. values.size() is a
// multiple of 32; `out` holds 20 bytes for every 32 values.
void encode_q4_1(std::span<const float> values, std::span<std::byte> out);

}  // namespace riposte::quant
