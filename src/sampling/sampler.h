// Which token a request produces from a row of logits. The answer is an exact function of the request, its
// tokens so far, and the logits: the same on every machine, however the row was batched and whatever was
// guessed.
//
// Without temperature, penalties and bias: the highest logit, the lowest id among equals. Otherwise, in this
// order:
//  1. penalties and bias change the logits (adjustments.h), in float32, then the lean toward copying (copying.h);
//  2. temperature 0: the highest of them, the lowest id among equals; done;
//  3. top-k: the k highest are candidates (of equals, the lower ids), all tokens if k is 0;
//  4. weight = e^((logit - highest) / temperature) in float64 (exponential.h), without those not above
//     e^-700;
//  5. top-p: candidates in descending order of logit (of equals, the lower id first), up to and including the
//  first
//     at which the sum of weights so far reaches top_p * (the sum of all candidates' weights in ascending
//     order of id);
//  6. min-p: those whose weight is at least min_p, that is, min_p times that of the most likely token;
//  7. the draw: target = u * (the sum of the remaining weights), u = uniform(seed, position) (philox.h);
//  walking the
//     remaining tokens in ascending order of id, the first at which the sum of weights exceeds the target.
// Tokens outside `allowed`, if that is given, count as -infinity after step 1, and are not chosen even where nothing is
// above that: then the lowest allowed id is.
// A NaN or -infinity is never chosen while there is anything else; if a logit is +infinity, the first such is
// chosen.
//
// The same rule accepts drafts: a drafted token is accepted exactly if it is the one that choose() returns
// for the row before it. Penalties count the output, so each token of the answer, guessed or not, is handed
// to accept() before the next row is judged.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/token.h"
#include "constraint/token_set.h"
#include "sampling/adjustments.h"
#include "sampling/copying.h"
#include "sampling/params.h"

namespace riposte::sampling {

// What an executor answered for a row: `argmax` if the parameters do not need logits, else `logits`.
struct RowAnswer {
  TokenId argmax = kNoToken;
  std::span<const float> logits;  // [vocabulary]
};

struct Candidate {
  float logit;
  TokenId token;
  double weight;
};

// Memory that choose() reuses; one for any number of requests of one thread.
struct Workspace {
  std::vector<float> logits;
  std::vector<double> weights;
  std::vector<Candidate> candidates;
  constraint::TokenSet allowed;  // the caller's, for `allowed` below
};

// The choices of one request.
class Sampler {
 public:
  // `params` passed validate().
  Sampler(SamplingParams params, std::span<const TokenId> prompt);

  bool needs_logits() const { return params_.needs_logits(); }
  // The token at `position` of the sequence (prompt and output counted from 0), given all tokens accepted
  // before. `allowed` (empty: all) is not without tokens and asks for logits, and so does `lean`.
  TokenId choose(const RowAnswer& row, int64_t position, Workspace& workspace,
                 std::span<const uint64_t> allowed = {}, const Lean& lean = {}) const;
  void accept(TokenId token) { adjustments_.count(token); }

 private:
  SamplingParams params_;
  Adjustments adjustments_;
};

// The id of the highest logit, the lowest id among equals; 0 if all are NaN.
TokenId argmax(std::span<const float> logits);

}  // namespace riposte::sampling
