#include "quant/encode.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "quant/half.h"

namespace riposte::quant {
namespace {

constexpr size_t kValues = 32;
constexpr size_t kHalf = kValues / 2;
constexpr float kMostSteps = 15.0f;

}  // namespace

void encode_q4_1(std::span<const float> values, std::span<std::byte> out) {
  std::byte* block = out.data();
  for (size_t first = 0; first + kValues <= values.size(); first += kValues) {
    const float* of_block = values.data() + first;
    float least = of_block[0], most = of_block[0];
    for (size_t i = 1; i < kValues; ++i) {
      least = std::min(least, of_block[i]);
      most = std::max(most, of_block[i]);
    }
    const float step = (most - least) / kMostSteps;
    const float steps_per_unit = step > 0.0f ? 1.0f / step : 0.0f;
    uint8_t q[kValues];
    for (size_t i = 0; i < kValues; ++i) {
      const float steps = (of_block[i] - least) * steps_per_unit + 0.5f;
      q[i] = static_cast<uint8_t>(std::min(steps, kMostSteps));
    }
    const uint16_t head[2] = {float_to_half(step), float_to_half(least)};
    std::memcpy(block, head, sizeof head);
    block += sizeof head;
    for (size_t i = 0; i < kHalf; ++i) *block++ = static_cast<std::byte>(q[i] | q[i + kHalf] << 4);
  }
}

}  // namespace riposte::quant
