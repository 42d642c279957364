#include "drafting/choose.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "drafting/step_cost.h"

namespace riposte::drafting {

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

  const StepCost cost(step_cost);
  double rate = 0.0;
  double sum = 0.0;
  double highest = 0.0;  // of the costs so far
  for (int32_t n = 0; n <= most; ++n) {
    if (n > 0) sum += cumulative[static_cast<size_t>(order[static_cast<size_t>(n - 1)])];
    highest = std::max(highest, cost.of(int64_t{other_answers} + 1 + n));
    if (highest > 0.0) rate = std::max(rate, (int64_t{other_answers} + 1 + sum) / highest);
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
