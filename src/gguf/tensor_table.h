// The tensor section of a GGUF file: what tensors there are, and where their data lies.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "gguf/cursor.h"
#include "gguf/file.h"

namespace riposte::gguf {

// The fewest bytes that a tensor's description can take: length of the name, number of dimensions, one
// dimension, type, offset.
inline constexpr uint64_t kLeastTensorBytes = 8 + 4 + 8 + 4 + 8;

inline constexpr uint32_t kMostDimensions = 4;

// The bytes of `shape` elements of `type`. Errors, naming the shape: kCorrupt if a dimension is 0, their
// product is beyond 2^63, or a row is not a whole number of blocks.
Result<uint64_t> tensor_bytes(TensorType type, std::span<const uint64_t> shape);

// Reads `count` descriptions and finds their data in `file`, which begins at the next multiple of
// `alignment`. Errors: kCorrupt; kUnsupported for a tensor type or more than 4 dimensions.
Result<std::vector<Tensor>> read_tensors(Cursor& cursor, uint64_t count, std::span<const std::byte> file,
                                         uint64_t alignment);

}  // namespace riposte::gguf
