#include "sampling/copying.h"

#include <algorithm>
#include <cmath>

namespace riposte::sampling {

Copying::Copying(std::span<const TokenId> source, float confidence)
    : source_(source.begin(), source.end()),
      bias_(confidence > 0.5f ? std::log(confidence / (1.0f - confidence)) : 0.0f) {}

Lean Copying::next() const {
  if (in_edit_ > 0 || place_ >= source_.size() || bias_ == 0.0f) return {};
  return {source_[place_], bias_};
}

void Copying::accept(TokenId token) {
  const size_t end = std::min(source_.size(), place_ + in_edit_ + kWindow + 1);
  const auto begin = source_.begin() + static_cast<ptrdiff_t>(std::min(place_, end));
  const auto found = std::find(begin, source_.begin() + static_cast<ptrdiff_t>(end), token);
  if (found == source_.begin() + static_cast<ptrdiff_t>(end)) {
    ++in_edit_;
    return;
  }
  place_ = static_cast<size_t>(found - source_.begin()) + 1;
  in_edit_ = 0;
}

}  // namespace riposte::sampling
