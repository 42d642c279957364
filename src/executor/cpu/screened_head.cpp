#include "executor/cpu/screened_head.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "executor/cpu/read_ahead.h"
#include "hardware/thread_team.h"
#include "quant/half.h"

namespace riposte::executor {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr double kMostReach = 1e37;
constexpr int32_t kMostBlockRows = 16;
constexpr int64_t kScanned = 16;  // panels that are compared with the floor at once

size_t count(int64_t value) {
  return static_cast<size_t>(value);
}

// The greatest magnitude of all scales; infinite or NaN if one is. Magnitudes of halves compare as integers.
double greatest_scale(const quant::PackedMatrix& matrix) {
  const size_t scales = count(matrix.layout().groups) * quant::kPanelRows;
  std::vector<uint16_t> halves(scales);
  uint16_t greatest = 0;
  for (int64_t panel = 0; panel < matrix.panels(); ++panel) {
    std::memcpy(halves.data(), matrix.panel(panel) + matrix.layout().scales, scales * sizeof(uint16_t));
    for (const uint16_t half : halves) greatest = std::max<uint16_t>(greatest, half & 0x7fff);
  }
  return quant::half_to_float(greatest);
}

// What `squares` of a group's int8 values stand for.
double energy_of(const kernels::GroupScale& scale, int32_t squares) {
  const double d = scale.d;
  return d * d * squares;
}

float rounded_up(double value) {
  return std::nextafter(static_cast<float>(value), kInfinity);
}
float rounded_down(double value) {
  return std::nextafter(static_cast<float>(value), -kInfinity);
}

}  // namespace

ScreenedHead::ScreenedHead(const PackedWeights& weights, int workers, int32_t most_rows)
    : weights_(weights),
      workers_(workers),
      most_rows_(weights.screen.rows() > 0 ? std::min(most_rows, kMostBlockRows) : 0) {
  if (most_rows_ <= 0) return;
  const quant::PackedMatrix& matrix = weights.screen;
  const int64_t groups = matrix.layout().groups;
  reach_ = 128.0 * greatest_scale(matrix) * std::sqrt(static_cast<double>(groups * quant::kGroupSize));
  q_ = AlignedBuffer<int8_t>(count(groups * most_rows_ * quant::kGroupSize));
  scales_ = AlignedBuffer<kernels::GroupScale>(count(groups * most_rows_));
  starts_ = AlignedBuffer<int32_t>(count(groups * most_rows_));
  radius_ = AlignedBuffer<float>(count(most_rows_));
  second_radius_ = AlignedBuffer<float>(count(most_rows_));
  slack_ = AlignedBuffer<double>(count(most_rows_));
  bounds_ = AlignedBuffer<float>(count(most_rows_ * matrix.panels()));
  found_ = AlignedBuffer<float>(count(int64_t{workers} * most_rows_));
}

bool ScreenedHead::takes(int32_t rows) {
  if (rows <= 0 || rows > most_rows_) return false;
  if (wait_ > 0) {
    --wait_;
    return false;
  }
  return true;
}

void ScreenedHead::begin(int32_t rows) {
  rows_ = rows;
  survivors_ = 0;
}

void ScreenedHead::set(int32_t row, const QuantizedRows& input) {
  double all = 0.0, cold = 0.0, second = 0.0;  // sums of squares of the activations
  const int64_t groups = weights_.output.layout().groups;
  for (int64_t g = 0; g < groups; ++g) {
    const QuantizedRows::GroupPlanes group = input.group(row, g);
    const uint8_t* places = weights_.head_order.data() + g * quant::kGroupSize;
    const size_t at = count(g * rows_ + row);
    int8_t* q = q_.data() + at * quant::kGroupSize;
    for (int i = 0; i < quant::kGroupSize; ++i) q[i] = group.q[places[i]];
    int hot_sum = 0, hot_squares = 0;
    for (int i = 0; i < quant::kHotInputs; ++i) {
      hot_sum += q[i];
      hot_squares += q[i] * q[i];
    }
    scales_[at] = *group.scale;
    starts_[at] = 120 * group.scale->negative_sum - 8 * hot_sum;
    all += energy_of(*group.scale, group.scale->squares);
    cold += energy_of(*group.scale, group.scale->squares - hot_squares);
    if (group.second_scale != nullptr) second += energy_of(*group.second_scale, group.second_scale->squares);
  }
  const double greatest_sum = reach_ * (std::sqrt(all) + std::sqrt(second));
  const bool certain = greatest_sum < kMostReach;
  radius_[count(row)] = certain ? rounded_up(std::sqrt(cold)) : 0.0f;
  second_radius_[count(row)] = certain ? rounded_up(std::sqrt(second)) : 0.0f;
  slack_[count(row)] = certain ? 2.0 * static_cast<double>(groups + 8) * 0x1p-24 * greatest_sum + 0x1p-100
                               : static_cast<double>(kInfinity);
}

Winner ScreenedHead::best_of(const kernels::Kernels& kernels, int64_t panel, const float* logits) const {
  const auto first = static_cast<int32_t>(panel) * quant::kPanelRows;
  const int best =
      kernels.argmax(logits + first, std::min(quant::kPanelRows, weights_.output.rows() - first));
  return {std::isnan(logits[first + best]) ? -kInfinity : logits[first + best], first + best};
}

void ScreenedHead::look(const kernels::Kernels& kernels, int worker, QuantizedRows& input, float* logits,
                        size_t stride) {
  const quant::PackedMatrix& matrix = weights_.screen;
  const hardware::Share share = hardware::share_of(matrix.panels(), worker, workers_);
  std::array<float, kMostBlockRows> estimates, bounds, best_estimate;
  std::array<int64_t, kMostBlockRows> best;
  best.fill(share.begin);
  best_estimate.fill(-kInfinity);
  kernels::PanelScreen screen{nullptr,          &matrix.layout(), {q_.data(), scales_.data(), rows_, rows_},
                              starts_.data(),   radius_.data(),   second_radius_.data(),
                              estimates.data(), bounds.data()};
  for (int64_t panel = share.begin; panel < share.end; ++panel) {
    screen.panel = matrix.panel(panel);
    screen.ahead = panel + 1 < share.end ? matrix.panel(panel + 1) : nullptr;
    kernels.screen(screen);
    for (size_t row = 0; row < count(rows_); ++row) {
      bounds_[row * count(matrix.panels()) + count(panel)] = bounds[row];
      if (estimates[row] > best_estimate[row]) {
        best_estimate[row] = estimates[row];
        best[row] = panel;
      }
    }
  }
  for (int32_t row = 0; row < rows_; ++row) {
    float& found = found_[count(int64_t{worker} * rows_ + row)];
    found = -kInfinity;
    if (share.begin >= share.end) continue;
    const int64_t panel = best[count(row)];
    input.multiply(kernels, worker, weights_.output, {panel, panel + 1}, logits, stride, false);
    found = best_of(kernels, panel, logits + count(row) * stride).logit;
  }
}

float ScreenedHead::floor_of(int32_t row) const {
  float greatest = -kInfinity;
  for (int worker = 0; worker < workers_; ++worker) {
    greatest = std::max(greatest, found_[count(int64_t{worker} * rows_ + row)]);
  }
  return rounded_down(static_cast<double>(greatest) - slack_[count(row)]);
}

void ScreenedHead::decide(const kernels::Kernels& kernels, int worker, QuantizedRows& input, float* logits,
                          size_t stride, std::span<Winner> winners) {
  const int64_t panels = weights_.output.panels();
  int64_t survivors = 0;  // the same on every worker
  for (int32_t row = 0; row < rows_; ++row) {
    const float floor = floor_of(row);
    const float* bounds = bounds_.data() + row * panels;
    Winner winner;
    for (int64_t begin = 0; begin < panels; begin += kScanned) {
      const int64_t end = std::min(begin + kScanned, panels);
      // NaN is not below the floor.
      bool any = false;
      for (int64_t panel = begin; panel < end; ++panel) any |= !(bounds[panel] < floor);
      if (!any) continue;
      for (int64_t panel = begin; panel < end; ++panel) {
        if (bounds[panel] < floor) continue;
        ++survivors;
        if (panel % workers_ != worker) continue;
        input.multiply(kernels, worker, weights_.output, {panel, panel + 1}, logits, stride, false);
        winner.meet(best_of(kernels, panel, logits + count(row) * stride));
      }
    }
    winners[count(row)] = winner;
  }
  if (worker != 0) return;
  survivors_ = survivors;
  const bool too_many = static_cast<double>(survivors) > kMostSurviving * static_cast<double>(this->panels());
  wait_ = too_many ? patience_ : 0;
  patience_ = too_many ? std::min(2 * patience_, kMostPatience) : 1;
}

}  // namespace riposte::executor
