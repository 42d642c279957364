// The types of a GGUF file: of its metadata values, and of the tensors that Riposte reads, with the blocks in
// which their elements lie. Source: the GGUF specification (ggml, docs/gguf.md) and the block structures of
// ggml-common.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace riposte::gguf {

// How a metadata value is stored, by its number in the file.
enum class ValueType : uint32_t {
  kUint8 = 0,
  kInt8 = 1,
  kUint16 = 2,
  kInt16 = 3,
  kUint32 = 4,
  kInt32 = 5,
  kFloat32 = 6,
  kBool = 7,    // one byte, 0 or 1
  kString = 8,  // uint64 length, then so many bytes
  kArray = 9,   // uint32 type of the elements, uint64 count, then the elements
  kUint64 = 10,
  kInt64 = 11,
  kFloat64 = 12,
};

enum class TensorType : uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kBF16 = 30,
};

// A row of a tensor is a sequence of blocks, each of `elements` values in `bytes` bytes.
struct BlockShape {
  uint32_t elements;
  uint32_t bytes;
};

// The type with that number in a file, if Riposte reads it.
std::optional<TensorType> tensor_type_from(uint32_t number);
BlockShape block_shape(TensorType type);
std::string_view name_of(TensorType type);    // "Q4_K"
std::string name_of_number(uint32_t number);  // any ggml type, also one that Riposte cannot read: "IQ2_XXS"
std::string supported_tensor_types();         // "F32, F16, BF16, Q4_0, ...", for error messages

}  // namespace riposte::gguf
