#include "sampling/selection.h"

#include <algorithm>
#include <limits>

#include "sampling/exponential.h"

namespace riposte::sampling {
namespace {

// Logits that are compared with a threshold at once, so that the comparison vectorises.
constexpr size_t kBlock = 64;

bool more_likely(const Candidate& a, const Candidate& b) {
  return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
}

// Keeps the `k` most likely, if there are as many, and returns the logit that a later one must exceed to be
// among them.
float keep_most_likely(std::vector<Candidate>& candidates, size_t k) {
  if (candidates.size() < k) return -std::numeric_limits<float>::infinity();
  const auto last = candidates.begin() + static_cast<ptrdiff_t>(k) - 1;
  std::nth_element(candidates.begin(), last, candidates.end(), more_likely);
  candidates.erase(last + 1, candidates.end());
  return candidates.back().logit;
}

}  // namespace

void sort_by_token(std::vector<Candidate>& candidates) {
  std::ranges::sort(candidates, {}, &Candidate::token);
}

void select_highest(std::span<const float> logits, int32_t k, std::vector<Candidate>& out) {
  // Room for as many again as are wanted makes each narrowing pay for itself: linear altogether. Tokens come
  // in ascending order of id, so one that only equals the threshold loses to those that are there.
  const auto wanted = static_cast<size_t>(k);
  const size_t room = 2 * wanted + kBlock;
  float threshold = -std::numeric_limits<float>::infinity();
  out.clear();
  for (size_t begin = 0; begin < logits.size(); begin += kBlock) {
    const std::span<const float> block = logits.subspan(begin, std::min(kBlock, logits.size() - begin));
    int above = 0;
    for (const float logit : block) above += logit > threshold ? 1 : 0;
    if (above == 0) continue;
    for (size_t i = 0; i < block.size(); ++i) {
      if (block[i] > threshold) out.push_back({block[i], static_cast<TokenId>(begin + i), 0.0});
    }
    if (out.size() >= room) threshold = keep_most_likely(out, wanted);
  }
  keep_most_likely(out, wanted);
  sort_by_token(out);
}

double weigh(std::vector<Candidate>& candidates, float highest, float temperature) {
  double sum = 0.0;
  for (Candidate& candidate : candidates) {
    const double exponent = (static_cast<double>(candidate.logit) - static_cast<double>(highest)) /
                            static_cast<double>(temperature);
    candidate.weight = exponent > kLeastExponent ? exponential(exponent) : 0.0;
    sum += candidate.weight;
  }
  std::erase_if(candidates, [](const Candidate& candidate) { return candidate.weight == 0.0; });
  return sum;
}

double weigh_all(std::span<const float> logits, float highest, float temperature,
                 std::vector<double>& weights) {
  weights.resize(logits.size());
  const auto top = static_cast<double>(highest);
  const auto divisor = static_cast<double>(temperature);
  // Two loops, the longer of them vectorised. What is too low, or NaN, is weighed like the least exponent.
  for (size_t i = 0; i < logits.size(); ++i) {
    const double exponent = (static_cast<double>(logits[i]) - top) / divisor;
    weights[i] = exponential(exponent > kLeastExponent ? exponent : kLeastExponent);
  }
  const double least = exponential(kLeastExponent);
  double sum = 0.0;
  for (double& weight : weights) {
    weight = weight > least ? weight : 0.0;
    sum += weight;
  }
  return sum;
}

void select_by_weight(std::span<const float> logits, std::span<const double> weights, double sum,
                      const SamplingParams& params, std::vector<Candidate>& out) {
  // Tokens below an even share of (1 - top_p) cannot reach (1 - top_p) all together, so top_p is reached
  // without them; the half makes room for rounding. It leaves a few hundred tokens to be sorted.
  double least = static_cast<double>(params.min_p);
  if (params.top_p < 1.0f) {
    least = 0.5 * (1.0 - static_cast<double>(params.top_p)) * sum / static_cast<double>(logits.size());
  }
  out.clear();
  for (size_t i = 0; i < weights.size(); ++i) {
    if (weights[i] > 0.0 && weights[i] >= least)
      out.push_back({logits[i], static_cast<TokenId>(i), weights[i]});
  }
}

void keep_mass(std::vector<Candidate>& candidates, double mass) {
  double sum = 0.0;
  size_t sorted = 0;
  // A growing part is brought into order; mostly the first one suffices.
  for (size_t part = 64; sorted < candidates.size(); part *= 4) {
    const auto begin = candidates.begin() + static_cast<ptrdiff_t>(sorted);
    const auto end = begin + static_cast<ptrdiff_t>(std::min(part, candidates.size() - sorted));
    if (end != candidates.end()) std::nth_element(begin, end, candidates.end(), more_likely);
    std::sort(begin, end, more_likely);
    for (auto candidate = begin; candidate != end; ++candidate) {
      sum += candidate->weight;
      ++sorted;
      if (sum < mass) continue;
      candidates.resize(sorted);
      return;
    }
  }
}

}  // namespace riposte::sampling
