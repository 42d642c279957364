#include "executor/float/rope.h"

#include <cmath>

namespace riposte::executor {

Rope::Rope(const model::ModelConfig& config, bool local, std::span<const float> factors)
    : frequencies_(static_cast<size_t>(config.head_size) / 2) {
  const double base = local ? config.rope_base_local : config.rope_base;
  const double scale = local ? 1.0 : config.rope_scale;
  for (size_t i = 0; i < frequencies_.size(); ++i) {
    const double factor = factors.empty() ? 1.0 : static_cast<double>(factors[i]);
    frequencies_[i] = std::pow(base, -2.0 * static_cast<double>(i) / config.head_size) / scale / factor;
  }
}

void Rope::angles(int32_t position, float* out) const {
  for (size_t i = 0; i < frequencies_.size(); ++i) {
    const double angle = position * frequencies_[i];
    out[2 * i] = static_cast<float>(std::cos(angle));
    out[2 * i + 1] = static_cast<float>(std::sin(angle));
  }
}

void rotate(model::RopePairs pairs, const float* angles, std::span<float> head) {
  const size_t half = head.size() / 2;
  for (size_t i = 0; i < half; ++i) {
    const size_t first = pairs == model::RopePairs::kAdjacent ? 2 * i : i;
    const size_t second = pairs == model::RopePairs::kAdjacent ? 2 * i + 1 : i + half;
    const float cosine = angles[2 * i];
    const float sine = angles[2 * i + 1];
    const float x = head[first];
    const float y = head[second];
    head[first] = x * cosine - y * sine;
    head[second] = x * sine + y * cosine;
  }
}

}  // namespace riposte::executor
