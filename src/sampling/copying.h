// A lean toward copying: where a rewriting would go on as its source does, that token's logit gets a bias, so that an edit
// of low probability is taken back. (A bias of the "keep" tag is the usual knob of systems that correct grammar: Omelianchuk
// et al., GECToR, arXiv 2005.12592.)
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/token.h"

namespace riposte::sampling {

// One more logit's bias, for one choice.
struct Lean {
  TokenId token = kNoToken;  // kNoToken: none
  float bias = 0.0f;
};

// Follows an answer along its source, token by token: a function of the two alone.
//
// The answer copies until it writes another token than the next of the source: then it is in an edit, of which nobody knows
// how it goes on, and no token is preferred until one is written that the source has within a few places from there.
class Copying {
 public:
  // `confidence`: an edit must be so likely as to win this share against copying, the two taken alone; 0 to below 1, of
  // which up to 0.5 changes nothing.
  Copying(std::span<const TokenId> source, float confidence);

  Lean next() const;
  void accept(TokenId token);

 private:
  static constexpr size_t kWindow = 6;  // tokens that an edit may leave out, beside those that it replaces

  std::vector<TokenId> source_;
  float bias_;           // log(confidence / (1 - confidence))
  size_t place_ = 0;     // the source token that comes next, if the answer copies
  size_t in_edit_ = 0;   // tokens written since it stopped copying
};

}  // namespace riposte::sampling
