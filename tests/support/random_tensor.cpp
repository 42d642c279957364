#include "support/random_tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>

#include "base/check.h"
#include "quant/half.h"

namespace riposte::support {
namespace {

using gguf::TensorType;

void put_half(std::byte* to, float value) {
  const uint16_t half = quant::float_to_half(value);
  std::memcpy(to, &half, sizeof half);
}

// -1 ... 1, evenly, from the upper 24 bits.
float uniform(std::mt19937_64& random) {
  return static_cast<float>(random() >> 40) * 0x1p-23f - 1.0f;
}

// The standard deviations behind the constants: q evenly spread over n integers has sqrt((n^2 - 1) / 12),
// that is 1.1, 2.3, 4.6, 9.2, 18.5 and 74 for 2, 3, 4, 5, 6 and 8 bits; a random part scale multiplies by its
// root mean square, 9 (4 bits), 18 (6 bits, signed), 37 (6 bits) or 74 (8 bits, signed). Types with a minimum
// take it in the middle of q.
void set_scales(TensorType type, std::byte* block, float deviation) {
  using enum TensorType;
  switch (type) {
    case kQ4_0:
      return put_half(block, deviation / 4.6f);
    case kQ4_1:
      put_half(block, deviation / 4.6f);
      return put_half(block + 2, deviation / 4.6f * -7.5f);
    case kQ5_0:
      return put_half(block, deviation / 9.2f);
    case kQ5_1:
      put_half(block, deviation / 9.2f);
      return put_half(block + 2, deviation / 9.2f * -15.5f);
    case kQ8_0:
      return put_half(block, deviation / 74.0f);
    case kQ2_K: {
      const float scale = deviation / (1.1f * 9.0f);
      for (int i = 0; i < 16; ++i) block[i] = (block[i] & std::byte{15}) | block[i] << 4;  // minimum = scale
      put_half(block + 80, scale);
      return put_half(block + 82, scale * 1.5f);
    }
    case kQ3_K:
      return put_half(block + 108, deviation / (2.3f * 18.0f));
    case kQ4_K:
    case kQ5_K: {
      const bool four_bits = type == kQ4_K;
      const float scale = deviation / ((four_bits ? 4.6f : 9.2f) * 37.0f);
      std::memcpy(block + 8, block + 4, 4);  // minimums = scales, their lower and
      for (int i = 12; i < 16; ++i)
        block[i] = (block[i] & std::byte{15}) | block[i] << 4;  // their upper four
      put_half(block, scale);
      return put_half(block + 2, scale * (four_bits ? 7.5f : 15.5f));
    }
    case kQ6_K:
      return put_half(block + 208, deviation / (18.5f * 74.0f));
    case kF32:
    case kF16:
    case kBF16:
      break;
  }
  RIPOSTE_CHECK(!"a type without blocks");
}

void put_plain(TensorType type, std::byte* to, float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const auto upper = static_cast<uint16_t>(bits >> 16);
  switch (type) {
    case TensorType::kF32:
      std::memcpy(to, &bits, 4);
      return;
    case TensorType::kF16:
      put_half(to, value);
      return;
    case TensorType::kBF16:
      std::memcpy(to, &upper, 2);
      return;
    default:
      RIPOSTE_CHECK(!"a type of blocks");
  }
}

}  // namespace

std::vector<std::byte> random_tensor(std::mt19937_64& random, TensorType type, uint64_t elements,
                                     float deviation) {
  const gguf::BlockShape block = gguf::block_shape(type);
  RIPOSTE_CHECK(elements % block.elements == 0);
  std::vector<std::byte> bytes(elements / block.elements * block.bytes);
  if (block.elements == 1) {
    const float spread = deviation * std::sqrt(3.0f);
    for (size_t i = 0; i < bytes.size(); i += block.bytes)
      put_plain(type, &bytes[i], uniform(random) * spread);
    return bytes;
  }
  for (size_t i = 0; i < bytes.size(); i += 8) {
    const uint64_t bits = random();
    std::memcpy(&bytes[i], &bits, std::min<size_t>(8, bytes.size() - i));
  }
  for (size_t i = 0; i < bytes.size(); i += block.bytes) set_scales(type, &bytes[i], deviation);
  return bytes;
}

std::vector<std::byte> random_floats(std::mt19937_64& random, uint64_t count, float centre, float spread) {
  std::vector<float> values(count);
  for (float& value : values) value = centre + spread * uniform(random);
  const auto bytes = std::as_bytes(std::span(values));
  return {bytes.begin(), bytes.end()};
}

}  // namespace riposte::support
