#include "sampling/logprobs.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sampling/exponential.h"
#include "sampling/selection.h"

namespace riposte::sampling {

Logprobs log_probabilities(std::span<const float> logits, TokenId chosen, int32_t top) {
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  float highest = kNever;
  for (const float logit : logits) highest = logit > highest ? logit : highest;
  const bool finite = std::isfinite(highest);
  double sum = 0.0;
  for (const float logit : logits) {
    const double below = static_cast<double>(logit) - static_cast<double>(highest);
    if (finite && below >= kLeastExponent) sum += exponential(below);
  }
  const double log_of_sum = static_cast<double>(highest) + std::log(sum);
  const auto logprob = [&](float logit) {
    return finite && logit > kNever ? static_cast<float>(static_cast<double>(logit) - log_of_sum) : kNever;
  };

  Logprobs result;
  result.chosen = {chosen, logprob(logits[static_cast<size_t>(chosen)])};
  if (top <= 0) return result;
  std::vector<Candidate> candidates;
  select_highest(logits, std::min(top, static_cast<int32_t>(logits.size())), candidates);
  std::ranges::stable_sort(candidates, std::ranges::greater(), &Candidate::logit);
  for (const Candidate& candidate : candidates) {
    result.top.push_back({candidate.token, logprob(candidate.logit)});
  }
  return result;
}

}  // namespace riposte::sampling
