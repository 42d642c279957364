#include "quant/encode.h"

#include <cstring>

#include "quant/group.h"

namespace riposte::quant {

void encode_q8_0(std::span<const float> values, std::span<std::byte> out) {
  const auto columns = static_cast<int64_t>(values.size());
  std::byte* block = out.data();
  for (int64_t group = 0; group < columns / kGroupSize; ++group) {
    const RowGroup read = read_group(gguf::TensorType::kF32, std::as_bytes(values), group, columns);
    std::memcpy(block, &read.scale_half, sizeof read.scale_half);
    block += sizeof read.scale_half;
    for (const uint8_t q : read.q) *block++ = static_cast<std::byte>(q - kPackedQ8_0.offset);
  }
}

}  // namespace riposte::quant
