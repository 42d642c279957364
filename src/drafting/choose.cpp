#include "drafting/choose.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace riposte::drafting {
namespace {

class Cost {
 public:
  explicit Cost(std::span<const float> by_rows) : by_rows_(by_rows) {
    if (by_rows.empty()) return;
    const size_t middle = by_rows.size() / 2;
    const size_t last = by_rows.size() - 1;
    if (last > middle)
      slope_ = std::max(0.0, (double{by_rows[last]} - by_rows[middle]) / static_cast<double>(last - middle));
    if (last == 0) slope_ = by_rows[0];
  }

  double of(int64_t rows) const {
    if (by_rows_.empty()) return 1.0;
    const auto size = static_cast<int64_t>(by_rows_.size());
    const int64_t index = std::clamp<int64_t>(rows - 1, 0, size - 1);
    return by_rows_[static_cast<size_t>(index)] +
           slope_ * static_cast<double>(std::max<int64_t>(0, rows - size));
  }

 private:
  std::span<const float> by_rows_;
  double slope_ = 0.0;  // of a row beyond the end
};

}  // namespace

void choose(const Draft& draft, std::span<const float> step_cost, int32_t other_rows, int32_t most_guesses,
            Draft& chosen, int32_t other_answers) {
  chosen.clear();
  const int32_t size = std::min(static_cast<int32_t>(draft.size()), kMostGuesses);
  const int32_t most = std::min(size, most_guesses);
  other_rows = std::max(0, other_rows);
  other_answers = std::clamp(other_answers, 0, other_rows);

  std::array<double, kMostGuesses> cumulative;
  std::array<int32_t, kMostGuesses> order;  // the likeliest first; a parent is never behind its child
  for (int32_t i = 0; i < size; ++i) {
    const auto at = static_cast<size_t>(i);
    const int32_t parent = draft.parents[at];
    cumulative[at] =
        draft.chances[at] * (parent == Draft::kNoParent ? 1.0 : cumulative[static_cast<size_t>(parent)]);
  }
  std::iota(order.begin(), order.begin() + size, 0);
  std::sort(order.begin(), order.begin() + size, [&](int32_t a, int32_t b) {
    const double chance_a = cumulative[static_cast<size_t>(a)];
    const double chance_b = cumulative[static_cast<size_t>(b)];
    return chance_a != chance_b ? chance_a > chance_b : a < b;
  });

  const Cost cost(step_cost);
  double rate = 0.0;
  double sum = 0.0;
  double highest = 0.0;  // of the costs so far
  for (int32_t n = 0; n <= most; ++n) {
    if (n > 0) sum += cumulative[static_cast<size_t>(order[static_cast<size_t>(n - 1)])];
    highest = std::max(highest, cost.of(int64_t{other_answers} + 1 + n));
    if (highest > 0.0) rate = std::max(rate, (other_answers + 1 + sum) / highest);
  }

  int32_t best = 0;
  double most_gained = 0.0;
  sum = 0.0;
  const double without = cost.of(int64_t{other_rows} + 1);
  highest = without;
  for (int32_t n = 1; n <= most; ++n) {
    sum += cumulative[static_cast<size_t>(order[static_cast<size_t>(n - 1)])];
    highest = std::max(highest, cost.of(int64_t{other_rows} + 1 + n));
    const double gained = sum - rate * (highest - without);
    if (!(gained > most_gained)) continue;
    most_gained = gained;
    best = n;
  }

  std::array<int32_t, kMostGuesses> new_index;
  for (int32_t n = 0; n < best; ++n) {
    const auto at = static_cast<size_t>(order[static_cast<size_t>(n)]);
    const int32_t parent = draft.parents[at];
    new_index[at] = chosen.add(draft.tokens[at],
                               parent == Draft::kNoParent ? parent : new_index[static_cast<size_t>(parent)],
                               draft.chances[at], draft.origins[at]);
  }
}

}  // namespace riposte::drafting
