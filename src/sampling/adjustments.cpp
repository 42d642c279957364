#include "sampling/adjustments.h"

#include <algorithm>

namespace riposte::sampling {

Adjustments::Adjustments(const SamplingParams& params, std::span<const TokenId> prompt)
    : repetition_(params.repetition_penalty),
      presence_(params.presence_penalty),
      frequency_(params.frequency_penalty),
      counts_(repetition_ != 1.0f || presence_ != 0.0f || frequency_ != 0.0f),
      bias_(params.logit_bias) {
  if (repetition_ == 1.0f) return;
  std::vector<TokenId> distinct(prompt.begin(), prompt.end());
  std::ranges::sort(distinct);
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  entries_.reserve(distinct.size());
  for (const TokenId token : distinct) entries_.push_back({token, 0});
}

void Adjustments::count(TokenId token) {
  if (!counts_) return;
  auto at = std::ranges::lower_bound(entries_, token, {}, &Entry::token);
  if (at == entries_.end() || at->token != token) at = entries_.insert(at, {token, 0});
  ++at->in_output;
}

void Adjustments::apply(std::span<float> logits) const {
  const auto inside = [&logits](TokenId token) {
    return token >= 0 && static_cast<size_t>(token) < logits.size();
  };
  for (const Entry& entry : entries_) {
    if (!inside(entry.token)) continue;
    float& logit = logits[static_cast<size_t>(entry.token)];
    if (repetition_ != 1.0f) logit = logit > 0.0f ? logit / repetition_ : logit * repetition_;
    if (entry.in_output == 0) continue;
    logit -= presence_;
    logit -= frequency_ * static_cast<float>(entry.in_output);
  }
  for (const auto& [token, bias] : bias_) {
    if (inside(token)) logits[static_cast<size_t>(token)] += bias;
  }
}

}  // namespace riposte::sampling
