// What a request's own words and wishes do to logits before a token is chosen: penalties and bias.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/token.h"
#include "sampling/params.h"

namespace riposte::sampling {

class Adjustments {
 public:
  Adjustments(const SamplingParams& params, std::span<const TokenId> prompt);

  // One more token of the output. O(log n) for a token seen before.
  void count(TokenId token);
  // In float32, for every token in turn, in this order:
  //   repetition: logit > 0 ? logit / penalty : logit * penalty   if the token is in the prompt or the output
  //   presence:   logit - penalty                                 if it is in the output
  //   frequency:  logit - penalty * (times in the output)         if it is in the output
  //   bias:       logit + bias                                    (biases of one token: in the order of the
  //   request)
  void apply(std::span<float> logits) const;

  bool empty() const { return entries_.empty() && bias_.empty(); }

 private:
  struct Entry {
    TokenId token = kNoToken;
    int32_t in_output = 0;
  };

  float repetition_;
  float presence_;
  float frequency_;
  bool counts_;  // whether any penalty is on
  std::vector<Entry>
      entries_;  // ascending by token; those in the output, and in the prompt if repetition counts
  std::vector<std::pair<TokenId, float>> bias_;
};

}  // namespace riposte::sampling
