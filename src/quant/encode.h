// Rounding float32 to a GGUF tensor type.
#pragma once

#include <cstddef>
#include <span>

namespace riposte::quant {

// A row of Q8_0 blocks, rounded as floating-point matrices are when they are packed (packed.h), so that
// packing either gives the same panels. values.size() is a multiple of 32; `out` holds 34 bytes for every 32
// values.
void encode_q8_0(std::span<const float> values, std::span<std::byte> out);

}  // namespace riposte::quant
