// The block structures are those of ggml-common.h; see the GGUF specification.
#include "quant/group.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "quant/decode.h"
#include "quant/half.h"

namespace riposte::quant {
namespace {

using gguf::TensorType;

uint16_t load_half(const uint8_t* at) { return static_cast<uint16_t>(at[0] | at[1] << 8); }

// Q4_0, Q4_1: [d, (m)] then 16 bytes: element i in the low nibble of byte i, element i + 16 in the high one.
void read_nibbles(const uint8_t* at, uint8_t* q) {
  for (int i = 0; i < 16; ++i) {
    q[i] = at[i] & 15;
    q[i + 16] = at[i] >> 4;
  }
}

// Q5_0, Q5_1: the fifth bits of the 32 elements in 4 bytes before the nibbles.
void add_fifth_bits(const uint8_t* at, uint8_t* q) {
  for (int i = 0; i < kGroupSize; ++i) q[i] |= static_cast<uint8_t>((at[i / 8] >> (i % 8) & 1) << 4);
}

// Q4_K, Q5_K: eight 6-bit scales and minimums in 12 bytes.
void read_k_scales(const uint8_t* packed, int group, RowGroup& out) {
  if (group < 4) {
    out.scale[0] = static_cast<int8_t>(packed[group] & 63);
    out.minimum[0] = packed[group + 4] & 63;
  } else {
    out.scale[0] = static_cast<int8_t>((packed[group + 4] & 15) | (packed[group - 4] >> 6) << 4);
    out.minimum[0] = static_cast<uint8_t>((packed[group + 4] >> 4) | (packed[group] >> 6) << 4);
  }
}

constexpr uint16_t kSignBit = 0x8000;  // minimums are added here, subtracted in the K formats

void read_q4_k(const uint8_t* block, int group, RowGroup& out) {
  out.d_half = load_half(block);
  out.m0_half = load_half(block + 2) ^ kSignBit;
  read_k_scales(block + 4, group, out);
  const uint8_t* quants = block + 16 + group / 2 * 32;
  for (int i = 0; i < kGroupSize; ++i) out.q[i] = group % 2 ? quants[i] >> 4 : quants[i] & 15;
}

void read_q5_k(const uint8_t* block, int group, RowGroup& out) {
  out.d_half = load_half(block);
  out.m0_half = load_half(block + 2) ^ kSignBit;
  read_k_scales(block + 4, group, out);
  const uint8_t* high = block + 16;
  const uint8_t* quants = block + 48 + group / 2 * 32;
  for (int i = 0; i < kGroupSize; ++i) {
    const int low = group % 2 ? quants[i] >> 4 : quants[i] & 15;
    out.q[i] = static_cast<uint8_t>(low | (high[i] >> group & 1) << 4);
  }
}

// 256 elements as two halves of 128: 64 bytes of low nibbles and 32 bytes of high bit pairs each; quarters of 32.
void read_q6_k(const uint8_t* block, int group, RowGroup& out) {
  const int half = group / 4, quarter = group % 4;
  const uint8_t* low = block + half * 64 + quarter % 2 * 32;
  const uint8_t* high = block + 128 + half * 32;
  const uint8_t* scales = block + 192;
  for (int i = 0; i < kGroupSize; ++i) {
    const int nibble = quarter < 2 ? low[i] & 15 : low[i] >> 4;
    out.q[i] = static_cast<uint8_t>(nibble | (high[i] >> (2 * quarter) & 3) << 4);
  }
  out.scale[0] = static_cast<int8_t>(scales[group * 2]);
  out.scale[1] = static_cast<int8_t>(scales[group * 2 + 1]);
  out.d_half = load_half(block + 208);
}

// 16 bytes of 4-bit scales and minimums, 64 bytes of 2-bit quants, d, dmin.
void read_q2_k(const uint8_t* block, int group, RowGroup& out) {
  const uint8_t* quants = block + 16 + group / 4 * 32;
  for (int i = 0; i < kGroupSize; ++i) out.q[i] = quants[i] >> (2 * (group % 4)) & 3;
  for (int half = 0; half < 2; ++half) {
    const uint8_t packed = block[group * 2 + half];
    out.scale[half] = static_cast<int8_t>(packed & 15);
    out.minimum[half] = packed >> 4;
  }
  out.d_half = load_half(block + 80);
  out.m0_half = load_half(block + 82) ^ kSignBit;
}

// 32 bytes of third bits, 64 bytes of 2-bit quants, 12 bytes of 6-bit scales (less 32), d. q - 4 is the signed value.
void read_q3_k(const uint8_t* block, int group, RowGroup& out) {
  const uint8_t* high = block;
  const uint8_t* quants = block + 32 + group / 4 * 32;
  const uint8_t* packed = block + 96;
  for (int i = 0; i < kGroupSize; ++i) {
    const int low = quants[i] >> (2 * (group % 4)) & 3;
    out.q[i] = static_cast<uint8_t>(low | (high[i] >> group & 1) << 2);
  }
  for (int half = 0; half < 2; ++half) {
    const int s = group * 2 + half;  // 0..15: low nibbles in bytes 0..7, high bit pairs in bytes 8..11
    const int low = s < 8 ? packed[s] & 15 : packed[s - 8] >> 4;
    const int two = packed[8 + s % 4] >> (2 * (s / 4)) & 3;
    out.scale[half] = static_cast<int8_t>((low | two << 4) - 32);
  }
  out.d_half = load_half(block + 108);
}

// Floating-point weights: rounded to 8 bits with a half scale, as ggml's Q8_0 does, the scale never beyond half's range.
void quantize_to_q8(TensorType type, std::span<const std::byte> row, int64_t group, int64_t columns, RowGroup& out) {
  float values[kGroupSize] = {};
  const int64_t begin = group * kGroupSize;
  const auto count = static_cast<size_t>(std::min<int64_t>(kGroupSize, columns - begin));
  const size_t element = gguf::block_shape(type).bytes;
  decode(type, row.subspan(static_cast<size_t>(begin) * element, count * element), {values, count});
  float largest = 0.0f;
  for (float& value : values) {
    if (!std::isfinite(value)) value = 0.0f;
    largest = std::max(largest, std::fabs(value));
  }
  out.scale_half = float_to_half(std::min(largest / 127.0f, 65504.0f));
  const float scale = half_to_float(out.scale_half);
  for (int i = 0; i < kGroupSize; ++i) {
    const float q = scale > 0.0f ? std::nearbyint(values[i] / scale) : 0.0f;
    out.q[i] = static_cast<uint8_t>(128 + static_cast<int>(std::clamp(q, -127.0f, 127.0f)));
  }
}

}  // namespace

RowGroup read_group(TensorType type, std::span<const std::byte> row, int64_t group, int64_t columns) {
  RowGroup out;
  const gguf::BlockShape shape = gguf::block_shape(type);
  const int64_t groups_per_block = std::max<int64_t>(1, shape.elements / kGroupSize);
  const auto* block = reinterpret_cast<const uint8_t*>(row.data()) + group / groups_per_block * shape.bytes;
  const int within = static_cast<int>(group % groups_per_block);
  switch (type) {
    case TensorType::kQ4_0:
      out.scale_half = load_half(block);
      read_nibbles(block + 2, out.q);
      break;
    case TensorType::kQ4_1:
      out.scale_half = load_half(block);
      out.minimum_half = load_half(block + 2);
      read_nibbles(block + 4, out.q);
      break;
    case TensorType::kQ5_0:
      out.scale_half = load_half(block);
      read_nibbles(block + 6, out.q);
      add_fifth_bits(block + 2, out.q);
      break;
    case TensorType::kQ5_1:
      out.scale_half = load_half(block);
      out.minimum_half = load_half(block + 2);
      read_nibbles(block + 8, out.q);
      add_fifth_bits(block + 4, out.q);
      break;
    case TensorType::kQ8_0:
      out.scale_half = load_half(block);
      for (int i = 0; i < kGroupSize; ++i) out.q[i] = static_cast<uint8_t>(block[2 + i] ^ 0x80);
      break;
    case TensorType::kQ2_K: read_q2_k(block, within, out); break;
    case TensorType::kQ3_K: read_q3_k(block, within, out); break;
    case TensorType::kQ4_K: read_q4_k(block, within, out); break;
    case TensorType::kQ5_K: read_q5_k(block, within, out); break;
    case TensorType::kQ6_K: read_q6_k(block, within, out); break;
    case TensorType::kF32:
    case TensorType::kF16:
    case TensorType::kBF16: quantize_to_q8(type, row, group, columns, out); break;
  }
  return out;
}

}  // namespace riposte::quant
