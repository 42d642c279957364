#include "engine/pooling.h"

namespace riposte::engine {

void Pool::add(std::span<const float> hidden) {
  sum_.resize(hidden.size());
  for (size_t i = 0; i < hidden.size(); ++i) sum_[i] += static_cast<double>(hidden[i]);
}

std::vector<float> Pool::result() const {
  const double count = wants_all() ? tokens_ : 1;
  std::vector<float> mean;
  mean.reserve(sum_.size());
  for (const double sum : sum_) mean.push_back(static_cast<float>(sum / count));
  return mean;
}

}  // namespace riposte::engine
