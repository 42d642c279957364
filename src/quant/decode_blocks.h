// One function for each block format: `count` blocks, which may lie at any address, to `count` times the
// block's elements. Products and sums are rounded one by one, in the order in which the `gguf` package forms
// them, so that the bits are equal. Where the fields of a block lie: ggml-common.h of ggml.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "quant/half.h"

namespace riposte::quant {

// Formats with one scale, or a scale and a minimum, for 32 elements (decode_simple.cpp).
void decode_q4_0(const uint8_t* blocks, size_t count, float* out);
void decode_q4_1(const uint8_t* blocks, size_t count, float* out);
void decode_q5_0(const uint8_t* blocks, size_t count, float* out);
void decode_q5_1(const uint8_t* blocks, size_t count, float* out);
void decode_q8_0(const uint8_t* blocks, size_t count, float* out);

// Formats of 256 elements, whose parts of 16 or 32 have small integer scales of their own (decode_k.cpp).
void decode_q2_k(const uint8_t* blocks, size_t count, float* out);
void decode_q3_k(const uint8_t* blocks, size_t count, float* out);
void decode_q4_k(const uint8_t* blocks, size_t count, float* out);
void decode_q5_k(const uint8_t* blocks, size_t count, float* out);
void decode_q6_k(const uint8_t* blocks, size_t count, float* out);

inline uint16_t load_u16(const uint8_t* bytes) {
  uint16_t value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

inline float load_half(const uint8_t* bytes) {
  return half_to_float(load_u16(bytes));
}

}  // namespace riposte::quant
