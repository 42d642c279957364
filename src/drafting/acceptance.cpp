#include "drafting/acceptance.h"

#include <algorithm>
#include <cmath>

namespace riposte::drafting {
namespace {

constexpr float kRate = 0.3f;  // how far a guess moves the shift at most
constexpr float kMostShift = 4.0f;
constexpr float kLeastChance = 1e-4f;
constexpr float kMostChance = 0.995f;

}  // namespace

void Acceptance::observe(Origin origin, float chance, bool right) {
  const auto index = static_cast<size_t>(origin);
  if (index >= kOrigins || !(chance > 0.0f && chance <= 1.0f)) return;
  const float moved = shift_[index] + kRate * ((right ? 1.0f : 0.0f) - chance);
  shift_[index] = std::clamp(moved, -kMostShift, kMostShift);
  ++decided_[index];
}

float Acceptance::corrected(Origin origin, float chance) const {
  const auto index = static_cast<size_t>(origin);
  if (index >= kOrigins || shift_[index] == 0.0f) return chance;
  const float sure = std::clamp(chance, kLeastChance, kMostChance);
  const float odds = sure / (1.0f - sure) * std::exp(shift_[index]);
  return std::clamp(odds / (1.0f + odds), kLeastChance, kMostChance);
}

void Acceptance::fade(float keep) {
  const float share = std::isfinite(keep) ? std::clamp(keep, 0.0f, 1.0f) : 0.0f;
  for (float& shift : shift_) shift *= share;
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
