// Random inputs for kernel tests, the same on every run.
#pragma once

#include <bit>
#include <cstdint>
#include <random>
#include <vector>

#include "gguf/types.h"
#include "quant/half.h"

namespace riposte::test {

inline std::vector<float> random_floats(std::mt19937& random, size_t count, float deviation = 1.0f) {
  std::normal_distribution<float> normal(0.0f, deviation);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

// Random blocks of a type, with scales of a usual size where the type has half-precision ones.
inline std::vector<std::byte> random_blocks(std::mt19937& random, gguf::TensorType type, size_t elements) {
  using gguf::TensorType;
  const gguf::BlockShape shape = gguf::block_shape(type);
  std::vector<std::byte> bytes(elements / shape.elements * shape.bytes);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  std::vector<size_t> halves;  // offsets of half-precision numbers in a block
  switch (type) {
    case TensorType::kQ4_0:
    case TensorType::kQ5_0:
    case TensorType::kQ8_0: halves = {0}; break;
    case TensorType::kQ4_1:
    case TensorType::kQ5_1:
    case TensorType::kQ4_K:
    case TensorType::kQ5_K: halves = {0, 2}; break;
    case TensorType::kQ2_K: halves = {80, 82}; break;
    case TensorType::kQ3_K: halves = {108}; break;
    case TensorType::kQ6_K: halves = {208}; break;
    case TensorType::kF16: halves = {0}; break;
    case TensorType::kF32:
    case TensorType::kBF16: break;
  }
  std::normal_distribution<float> normal(0.0f, 0.02f);
  for (size_t block = 0; block < bytes.size(); block += shape.bytes) {
    for (size_t at : halves) {
      const uint16_t half = quant::float_to_half(normal(random));
      bytes[block + at] = static_cast<std::byte>(half & 255);
      bytes[block + at + 1] = static_cast<std::byte>(half >> 8);
    }
    if (type == TensorType::kF32 || type == TensorType::kBF16) {
      const uint32_t bits = std::bit_cast<uint32_t>(normal(random));
      for (size_t i = 0; i < shape.bytes; ++i) {
        bytes[block + i] = static_cast<std::byte>(bits >> (8 * (4 - shape.bytes + i)) & 255);
      }
    }
  }
  return bytes;
}

inline constexpr gguf::TensorType kAllTypes[] = {
    gguf::TensorType::kF32,  gguf::TensorType::kF16,  gguf::TensorType::kBF16, gguf::TensorType::kQ4_0, gguf::TensorType::kQ4_1,
    gguf::TensorType::kQ5_0, gguf::TensorType::kQ5_1, gguf::TensorType::kQ8_0, gguf::TensorType::kQ2_K, gguf::TensorType::kQ3_K,
    gguf::TensorType::kQ4_K, gguf::TensorType::kQ5_K, gguf::TensorType::kQ6_K};

}  // namespace riposte::test
