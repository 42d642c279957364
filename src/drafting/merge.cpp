#include "drafting/merge.h"

#include <algorithm>
#include <array>

namespace riposte::drafting {
namespace {

constexpr float kLeastChance = 1e-3f;  // what is less likely is not worth a row anywhere

}  // namespace

void merge(const Draft& other, Draft& draft) {
  constexpr int32_t kNowhere = -2;
  const size_t own = draft.size();
  std::array<int32_t, kMostGuesses> merged;  // [guesses of other]: where each is now
  for (size_t i = 0; i < std::min(other.size(), merged.size()); ++i) {
    merged[i] = kNowhere;
    const int32_t of_other = other.parents[i];
    const int32_t parent =
        of_other == Draft::kNoParent ? Draft::kNoParent : merged[static_cast<size_t>(of_other)];
    if (parent == kNowhere) continue;
    float left = 1.0f;
    int32_t same = kNowhere;
    for (size_t j = 0; j < own; ++j) {
      if (draft.parents[j] != parent) continue;
      left -= draft.chances[j];
      if (draft.tokens[j] == other.tokens[i]) same = static_cast<int32_t>(j);
    }
    if (same != kNowhere) {
      const auto at = static_cast<size_t>(same);
      if (other.chances[i] > draft.chances[at]) {
        draft.chances[at] = other.chances[i];
        draft.origins[at] = other.origins[i];
      }
      merged[i] = same;
    } else if (draft.size() < static_cast<size_t>(kMostGuesses) && left * other.chances[i] >= kLeastChance) {
      merged[i] = draft.add(other.tokens[i], parent, left * other.chances[i], other.origins[i]);
    }
  }
}

}  // namespace riposte::drafting
