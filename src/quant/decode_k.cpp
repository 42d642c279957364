// Super-blocks of 256 elements, in parts of 16 or 32 with an integer scale each.
#include "quant/decode_blocks.h"

namespace riposte::quant {
namespace {

constexpr size_t kElements = 256;

// Q2_K, Q3_K and the upper bits of Q6_K: in each half of 128 elements, byte j holds elements j, j + 32, j +
// 64 and j + 96, two bits each from the lowest up.
int two_bits(const uint8_t* packed, size_t element) {
  return packed[element / 128 * 32 + element % 32] >> (element / 32 % 4 * 2) & 3;
}

// Q4_K and Q5_K: in each quarter of 64 elements, byte j holds element j (lower half) and element j + 32
// (upper half).
int four_bits(const uint8_t* packed, size_t element) {
  return packed[element / 64 * 32 + element % 32] >> (element / 32 % 2 * 4) & 15;
}

// Q3_K and Q5_K: byte j holds one bit of the elements j, j + 32, ..., j + 224.
int one_bit(const uint8_t* packed, size_t element) {
  return packed[element % 32] >> (element / 32) & 1;
}

// The 6-bit scales and minimums of the eight parts of a Q4_K or Q5_K block, in 12 bytes: bytes 0-3 and 4-7
// hold the lower six bits of the first four scales and minimums; their upper two bits belong to the last
// four, whose lower four bits share bytes 8-11.
struct PartScales {
  float scale[8];
  float minimum[8];
};

PartScales part_scales(const uint8_t* packed, float scale, float minimum) {
  PartScales parts;
  for (size_t i = 0; i < 4; ++i) {
    parts.scale[i] = scale * static_cast<float>(packed[i] & 63);
    parts.minimum[i] = minimum * static_cast<float>(packed[i + 4] & 63);
    parts.scale[i + 4] = scale * static_cast<float>((packed[i + 8] & 15) | (packed[i] >> 6) << 4);
    parts.minimum[i + 4] = minimum * static_cast<float>(packed[i + 8] >> 4 | (packed[i + 4] >> 6) << 4);
  }
  return parts;
}

// The 6-bit scales of the sixteen parts of a Q3_K block, in 12 bytes: nibbles first (0-7 lower, 8-15 upper
// halves), then the upper two bits, four to a byte.
int q3_k_scale(const uint8_t* packed, size_t part) {
  const int low = packed[part % 8] >> (part / 8 * 4) & 15;
  const int high = packed[8 + part % 4] >> (part / 4 * 2) & 3;
  return (low | high << 4) - 32;
}

}  // namespace

// scale and minimum nibbles[16] (scale below); two bits[64]; half scale, minimum.
// Value: scale * part scale * q - minimum * part minimum.
void decode_q2_k(const uint8_t* blocks, size_t count, float* out) {
  for (size_t b = 0; b < count; ++b, blocks += 84, out += kElements) {
    const uint8_t* parts = blocks;
    const uint8_t* low = blocks + 16;
    const float scale = load_half(blocks + 80);
    const float minimum = load_half(blocks + 82);
    for (size_t part = 0; part < 16; ++part) {
      const float part_scale = scale * static_cast<float>(parts[part] & 15);
      const float part_minimum = minimum * static_cast<float>(parts[part] >> 4);
      for (size_t i = part * 16; i < part * 16 + 16; ++i) {
        out[i] = part_scale * static_cast<float>(two_bits(low, i)) - part_minimum;
      }
    }
  }
}

// third bits[32]; two bits[64]; part scales[12]; half scale. A third bit that is not set takes 4 off.
// Value: scale * part scale * q.
void decode_q3_k(const uint8_t* blocks, size_t count, float* out) {
  for (size_t b = 0; b < count; ++b, blocks += 110, out += kElements) {
    const uint8_t* high = blocks;
    const uint8_t* low = blocks + 32;
    const uint8_t* scales = blocks + 96;
    const float scale = load_half(blocks + 108);
    for (size_t part = 0; part < 16; ++part) {
      const float part_scale = scale * static_cast<float>(q3_k_scale(scales, part));
      for (size_t i = part * 16; i < part * 16 + 16; ++i) {
        out[i] = part_scale * static_cast<float>(two_bits(low, i) + 4 * one_bit(high, i) - 4);
      }
    }
  }
}

// half scale, minimum; part scales and minimums[12]; nibbles[128].
// Value: scale * part scale * q - minimum * part minimum.
void decode_q4_k(const uint8_t* blocks, size_t count, float* out) {
  for (size_t b = 0; b < count; ++b, blocks += 144, out += kElements) {
    const PartScales parts = part_scales(blocks + 4, load_half(blocks), load_half(blocks + 2));
    const uint8_t* nibbles = blocks + 16;
    for (size_t part = 0; part < 8; ++part) {
      for (size_t i = part * 32; i < part * 32 + 32; ++i) {
        out[i] = parts.scale[part] * static_cast<float>(four_bits(nibbles, i)) - parts.minimum[part];
      }
    }
  }
}

// As Q4_K, with fifth bits[32] before the nibbles.
void decode_q5_k(const uint8_t* blocks, size_t count, float* out) {
  for (size_t b = 0; b < count; ++b, blocks += 176, out += kElements) {
    const PartScales parts = part_scales(blocks + 4, load_half(blocks), load_half(blocks + 2));
    const uint8_t* high = blocks + 16;
    const uint8_t* nibbles = blocks + 48;
    for (size_t part = 0; part < 8; ++part) {
      for (size_t i = part * 32; i < part * 32 + 32; ++i) {
        const int q = four_bits(nibbles, i) | one_bit(high, i) << 4;
        out[i] = parts.scale[part] * static_cast<float>(q) - parts.minimum[part];
      }
    }
  }
}

// nibbles[128]: in each half, byte j holds element j (lower half) and element j + 64 (upper half); two
// bits[64]; int8 part scales[16]; half scale. Value: scale * part scale * (q - 32).
void decode_q6_k(const uint8_t* blocks, size_t count, float* out) {
  for (size_t b = 0; b < count; ++b, blocks += 210, out += kElements) {
    const uint8_t* nibbles = blocks;
    const uint8_t* high = blocks + 128;
    const uint8_t* scales = blocks + 192;
    const float scale = load_half(blocks + 208);
    for (size_t part = 0; part < 16; ++part) {
      const float part_scale = scale * static_cast<float>(static_cast<int8_t>(scales[part]));
      for (size_t i = part * 16; i < part * 16 + 16; ++i) {
        const int nibble = nibbles[i / 128 * 64 + i % 64] >> (i / 64 % 2 * 4) & 15;
        out[i] = part_scale * static_cast<float>((nibble | two_bits(high, i) << 4) - 32);
      }
    }
  }
}

}  // namespace riposte::quant
