#include "drafting/acceptance.h"

#include <algorithm>
#include <cmath>

namespace riposte::drafting {
namespace {

// The weight of believing the chances as they are, in guesses.
constexpr float kPrior = 4.0f;
constexpr float kLeastChance = 1e-4f;
constexpr float kMostChance = 0.995f;

}  // namespace

void Acceptance::observe(Origin origin, float chance, bool right) {
  Counts& counts = counts_[static_cast<size_t>(origin)];
  if (!(chance > 0.0f && chance <= 1.0f)) return;
  (right ? counts.right : counts.wrong) += 1.0f;
  counts.expected_right += chance;
  counts.expected_wrong += 1.0f - chance;
  ++counts.decided;
}

float Acceptance::corrected(Origin origin, float chance) const {
  const Counts& counts = counts_[static_cast<size_t>(origin)];
  if (counts.decided == 0) return chance;
  const float odds =
      std::clamp(chance, kLeastChance, kMostChance) / (1.0f - std::clamp(chance, kLeastChance, kMostChance));
  const float observed = (counts.right + kPrior) / (counts.wrong + kPrior);
  const float expected = (counts.expected_right + kPrior) / (counts.expected_wrong + kPrior);
  const float corrected_odds = odds * observed / expected;
  return std::clamp(corrected_odds / (1.0f + corrected_odds), kLeastChance, kMostChance);
}

void Acceptance::fade(float keep) {
  const float share = std::isfinite(keep) ? std::clamp(keep, 0.0f, 1.0f) : 0.0f;
  for (Counts& counts : counts_) {
    for (float* count : {&counts.right, &counts.wrong, &counts.expected_right, &counts.expected_wrong})
      *count *= share;
  }
}

void observe_draft(const Draft& draft, std::span<const TokenId> answer, Acceptance& acceptance) {
  int32_t parent = Draft::kNoParent;
  for (const TokenId token : answer) {
    int32_t right = Draft::kNoParent;
    for (size_t i = 0; i < draft.size(); ++i) {
      if (draft.parents[i] != parent) continue;
      if (draft.tokens[i] == token) right = static_cast<int32_t>(i);
      acceptance.observe(draft.origins[i], draft.chances[i], draft.tokens[i] == token);
    }
    if (right == Draft::kNoParent) return;
    parent = right;
  }
}

}  // namespace riposte::drafting
