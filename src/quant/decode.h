// Decoding of GGUF tensor types to float32, bit for bit as the `gguf` Python package does.
#pragma once

#include <cstddef>
#include <span>

#include "gguf/types.h"

namespace riposte::quant {

// Decodes the first out.size() elements of a row of blocks. out.size() must be a multiple of the type's block
// length and `blocks` must hold that many.
void decode(gguf::TensorType type, std::span<const std::byte> blocks, std::span<float> out);

}  // namespace riposte::quant
