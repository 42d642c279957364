// What a step costs by its rows, as it was measured, and beyond.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

namespace riposte::drafting {

// measured: [rows], the cost of a step by its rows (index = rows - 1), in any unit. Beyond its end the slope of its second
// half goes on, if it rises; after a single measurement each further row costs as much again. Empty: every step costs 1.
class StepCost {
 public:
  // `measured` must outlive this.
  explicit StepCost(std::span<const float> measured) : measured_(measured) {
    if (measured.empty()) return;
    const size_t middle = measured.size() / 2;
    const size_t last = measured.size() - 1;
    if (last > middle) {
      slope_ = std::max(0.0, (double{measured[last]} - measured[middle]) / static_cast<double>(last - middle));
    }
    if (last == 0) slope_ = measured[0];
  }

  double of(int64_t rows) const {
    if (measured_.empty()) return 1.0;
    const auto size = static_cast<int64_t>(measured_.size());
    const int64_t index = std::clamp<int64_t>(rows - 1, 0, size - 1);
    return measured_[static_cast<size_t>(index)] + slope_ * static_cast<double>(std::max<int64_t>(0, rows - size));
  }

 private:
  std::span<const float> measured_;
  double slope_ = 0.0;  // of a row beyond the end
};

}  // namespace riposte::drafting
