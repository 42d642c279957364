// Blocks of 32 elements. Nibbles: byte i holds element i in its lower half and element i + 16 in its upper
// half.
#include "quant/decode_blocks.h"

namespace riposte::quant {
namespace {

constexpr size_t kElements = 32;

uint32_t load_u32(const uint8_t* bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// The fifth bits of a block are one word: bit i belongs to element i.
int five_bits(int nibble, uint32_t high_bits, size_t element) {
  return nibble | static_cast<int>(high_bits >> element & 1u) << 4;
}

}  // namespace

// half scale; nibbles[16]. Value: scale * (q - 8).
void decode_q4_0(const uint8_t* blocks, size_t count, float* out) {
  for (size_t b = 0; b < count; ++b, blocks += 18, out += kElements) {
    const float scale = load_half(blocks);
    const uint8_t* nibbles = blocks + 2;
    for (size_t i = 0; i < 16; ++i) {
      out[i] = scale * static_cast<float>((nibbles[i] & 15) - 8);
      out[i + 16] = scale * static_cast<float>((nibbles[i] >> 4) - 8);
    }
  }
}

// half scale, minimum; nibbles[16]. Value: scale * q + minimum.
void decode_q4_1(const uint8_t* blocks, size_t count, float* out) {
  for (size_t b = 0; b < count; ++b, blocks += 20, out += kElements) {
    const float scale = load_half(blocks);
    const float minimum = load_half(blocks + 2);
    const uint8_t* nibbles = blocks + 4;
    for (size_t i = 0; i < 16; ++i) {
      out[i] = scale * static_cast<float>(nibbles[i] & 15) + minimum;
      out[i + 16] = scale * static_cast<float>(nibbles[i] >> 4) + minimum;
    }
  }
}

// half scale; uint32 fifth bits; nibbles[16]. Value: scale * (q - 16).
void decode_q5_0(const uint8_t* blocks, size_t count, float* out) {
  for (size_t b = 0; b < count; ++b, blocks += 22, out += kElements) {
    const float scale = load_half(blocks);
    const uint32_t high = load_u32(blocks + 2);
    const uint8_t* nibbles = blocks + 6;
    for (size_t i = 0; i < 16; ++i) {
      out[i] = scale * static_cast<float>(five_bits(nibbles[i] & 15, high, i) - 16);
      out[i + 16] = scale * static_cast<float>(five_bits(nibbles[i] >> 4, high, i + 16) - 16);
    }
  }
}

// half scale, minimum; uint32 fifth bits; nibbles[16]. Value: scale * q + minimum.
void decode_q5_1(const uint8_t* blocks, size_t count, float* out) {
  for (size_t b = 0; b < count; ++b, blocks += 24, out += kElements) {
    const float scale = load_half(blocks);
    const float minimum = load_half(blocks + 2);
    const uint32_t high = load_u32(blocks + 4);
    const uint8_t* nibbles = blocks + 8;
    for (size_t i = 0; i < 16; ++i) {
      out[i] = scale * static_cast<float>(five_bits(nibbles[i] & 15, high, i)) + minimum;
      out[i + 16] = scale * static_cast<float>(five_bits(nibbles[i] >> 4, high, i + 16)) + minimum;
    }
  }
}

// half scale; int8 q[32]. Value: scale * q.
void decode_q8_0(const uint8_t* blocks, size_t count, float* out) {
  for (size_t b = 0; b < count; ++b, blocks += 34, out += kElements) {
    const float scale = load_half(blocks);
    for (size_t i = 0; i < kElements; ++i)
      out[i] = scale * static_cast<float>(static_cast<int8_t>(blocks[2 + i]));
  }
}

}  // namespace riposte::quant
