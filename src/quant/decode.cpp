#include "quant/decode.h"

#include <cstring>

#include "base/check.h"
#include "quant/decode_blocks.h"

namespace riposte::quant {
namespace {

template <float (*convert)(uint16_t)>
void decode_16_bit(const uint8_t* values, size_t count, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = convert(load_u16(values + 2 * i));
}

}  // namespace

void decode(gguf::TensorType type, std::span<const std::byte> blocks, std::span<float> out) {
  const gguf::BlockShape shape = gguf::block_shape(type);
  const size_t count = out.size() / shape.elements;
  RIPOSTE_CHECK(out.size() % shape.elements == 0 && blocks.size() / shape.bytes >= count);
  if (count == 0) return;
  const auto* bytes = reinterpret_cast<const uint8_t*>(blocks.data());
  float* to = out.data();
  using enum gguf::TensorType;
  switch (type) {
    case kF32:
      std::memcpy(to, bytes, out.size_bytes());
      return;
    case kF16:
      decode_16_bit<half_to_float>(bytes, count, to);
      return;
    case kBF16:
      decode_16_bit<bfloat16_to_float>(bytes, count, to);
      return;
    case kQ4_0:
      decode_q4_0(bytes, count, to);
      return;
    case kQ4_1:
      decode_q4_1(bytes, count, to);
      return;
    case kQ5_0:
      decode_q5_0(bytes, count, to);
      return;
    case kQ5_1:
      decode_q5_1(bytes, count, to);
      return;
    case kQ8_0:
      decode_q8_0(bytes, count, to);
      return;
    case kQ2_K:
      decode_q2_k(bytes, count, to);
      return;
    case kQ3_K:
      decode_q3_k(bytes, count, to);
      return;
    case kQ4_K:
      decode_q4_k(bytes, count, to);
      return;
    case kQ5_K:
      decode_q5_k(bytes, count, to);
      return;
    case kQ6_K:
      decode_q6_k(bytes, count, to);
      return;
  }
}

}  // namespace riposte::quant
