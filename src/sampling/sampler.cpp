#include "sampling/sampler.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "sampling/philox.h"
#include "sampling/selection.h"

namespace riposte::sampling {
namespace {

// Step 7. `weight_of` an element of `tokens`, which are in ascending order of id; returns the place of the
// drawn one.
template <class T, class WeightOf>
size_t walk(std::span<const T> tokens, double target, WeightOf weight_of) {
  double passed = 0.0;
  for (size_t i = 0; i < tokens.size(); ++i) {
    passed += weight_of(tokens[i]);
    if (passed > target) return i;
  }
  return tokens.size() - 1;  // not reached: u < 1, so the last sum exceeds the target
}

// Steps 3 to 7.
TokenId draw(std::span<const float> logits, const SamplingParams& params, double u, Workspace& workspace) {
  const TokenId likeliest = argmax(logits);
  const float highest = logits[static_cast<size_t>(likeliest)];
  if (!std::isfinite(highest)) return likeliest;

  std::vector<Candidate>& candidates = workspace.candidates;
  double sum = 0.0;
  if (params.top_k > 0 && static_cast<size_t>(params.top_k) < logits.size()) {
    select_highest(logits, params.top_k, candidates);
    sum = weigh(candidates, highest, params.temperature);
  } else {
    sum = weigh_all(logits, highest, params.temperature, workspace.weights);
    const std::span<const double> weights = workspace.weights;
    if (params.top_p == 1.0f && params.min_p == 0.0f) {
      return static_cast<TokenId>(walk(weights, u * sum, [](double weight) { return weight; }));
    }
    select_by_weight(logits, weights, sum, params, candidates);
  }
  if (params.top_p < 1.0f) {
    keep_mass(candidates, static_cast<double>(params.top_p) * sum);
    sort_by_token(candidates);
  }
  const auto least = static_cast<double>(params.min_p);
  std::erase_if(candidates, [least](const Candidate& candidate) { return candidate.weight < least; });

  const auto weight_of = [](const Candidate& candidate) { return candidate.weight; };
  double remaining = 0.0;
  for (const Candidate& candidate : candidates) remaining += candidate.weight;
  return candidates[walk(std::span<const Candidate>(candidates), u * remaining, weight_of)].token;
}

// -infinity for all others.
void keep_only(std::span<const uint64_t> allowed, std::vector<float>& logits) {
  for (size_t token = 0; token < logits.size(); ++token) {
    if (!constraint::contains(allowed, static_cast<TokenId>(token))) {
      logits[token] = -std::numeric_limits<float>::infinity();
    }
  }
}

TokenId lowest(std::span<const uint64_t> set) {
  const auto word = std::ranges::find_if(set, [](uint64_t bits) { return bits != 0; });
  return static_cast<TokenId>((word - set.begin()) * 64 + std::countr_zero(*word));
}

}  // namespace

TokenId argmax(std::span<const float> logits) {
  // Lanes that the compiler can keep in registers find the value, a second look its first place.
  constexpr size_t kLanes = 32;
  std::array<float, kLanes> lanes;
  lanes.fill(-std::numeric_limits<float>::infinity());
  size_t i = 0;
  for (; i + kLanes <= logits.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      lanes[lane] = logits[i + lane] > lanes[lane] ? logits[i + lane] : lanes[lane];
    }
  }
  float highest = *std::ranges::max_element(lanes);
  for (; i < logits.size(); ++i) highest = logits[i] > highest ? logits[i] : highest;
  const auto first = std::ranges::find(logits, highest);
  return first == logits.end() ? 0 : static_cast<TokenId>(first - logits.begin());
}

Sampler::Sampler(SamplingParams params, std::span<const TokenId> prompt)
    : params_(std::move(params)), adjustments_(params_, prompt) {}

TokenId Sampler::choose(const RowAnswer& row, int64_t position, Workspace& workspace,
                        std::span<const uint64_t> allowed, const Lean& lean) const {
  if (!needs_logits() && row.logits.empty()) return row.argmax;
  std::span<const float> logits = row.logits;
  const bool leans = lean.token != kNoToken;
  if (!adjustments_.empty() || !allowed.empty() || leans) {
    workspace.logits.assign(logits.begin(), logits.end());
    adjustments_.apply(workspace.logits);
    if (leans) workspace.logits[static_cast<size_t>(lean.token)] += lean.bias;
    if (!allowed.empty()) keep_only(allowed, workspace.logits);
    logits = workspace.logits;
  }
  const TokenId token = params_.temperature == 0.0f
                            ? argmax(logits)
                            : draw(logits, params_, uniform(params_.seed, position), workspace);
  return allowed.empty() || constraint::contains(allowed, token) ? token : lowest(allowed);
}

}  // namespace riposte::sampling
