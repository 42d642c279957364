// The specification of sampler.h once more, in the plainest way: a whole sort, no selection, no shortcuts.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <vector>

#include "sampling/exponential.h"
#include "sampling/philox.h"
#include "sampling/sampler.h"

namespace riposte::sampling {

inline TokenId naive_choice(std::vector<float> logits, const SamplingParams& params,
                            std::span<const TokenId> prompt, std::span<const TokenId> output,
                            int64_t position) {
  std::map<TokenId, int> seen;
  for (const TokenId token : prompt) seen[token] += 0;
  for (const TokenId token : output) seen[token] += 1;
  for (const auto& [token, count] : seen) {
    float& logit = logits[static_cast<size_t>(token)];
    logit = logit > 0 ? logit / params.repetition_penalty : logit * params.repetition_penalty;
    if (count > 0) logit = logit - params.presence_penalty;
    if (count > 0) logit = logit - params.frequency_penalty * static_cast<float>(count);
  }
  for (const auto& [token, bias] : params.logit_bias) logits[static_cast<size_t>(token)] += bias;

  struct Word {
    float logit;
    TokenId token;
    double weight;
  };
  std::vector<Word> words;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] > -INFINITY) words.push_back({logits[i], static_cast<TokenId>(i), 0});
  }
  const auto by_token = [](const Word& a, const Word& b) { return a.token < b.token; };
  const auto sum = [&words, by_token] {
    std::sort(words.begin(), words.end(), by_token);
    double total = 0;
    for (const Word& word : words) total += word.weight;
    return total;
  };
  const auto by_logit = [](const Word& a, const Word& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token < b.token;
  };
  std::sort(words.begin(), words.end(), by_logit);
  if (words.empty()) return 0;
  const float highest = words[0].logit;
  if (params.temperature == 0 || std::isinf(highest)) return words[0].token;
  if (params.top_k > 0 && words.size() > static_cast<size_t>(params.top_k)) {
    words.resize(static_cast<size_t>(params.top_k));
  }
  for (Word& word : words) {
    const double exponent = (double{word.logit} - double{highest}) / double{params.temperature};
    if (exponent > -700.0) word.weight = exponential(exponent);
  }
  std::erase_if(words, [](const Word& word) { return word.weight == 0; });
  if (params.top_p < 1) {
    const double mass = double{params.top_p} * sum();
    std::sort(words.begin(), words.end(), by_logit);
    double so_far = 0;
    size_t kept = 0;
    do so_far += words[kept++].weight;
    while (kept < words.size() && so_far < mass);
    words.resize(kept);
  }
  std::erase_if(words, [&params](const Word& word) { return word.weight < double{params.min_p}; });
  const double target = uniform(params.seed, position) * sum();
  double passed = 0;
  for (const Word& word : words) {
    passed += word.weight;
    if (passed > target) return word.token;
  }
  return words.back().token;
}

}  // namespace riposte::sampling
