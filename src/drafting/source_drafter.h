// A rewritten sentence is mostly the sentence: the source is the draft (aggressive decoding, arXiv
// 2205.10350).
#pragma once

#include "drafting/drafter.h"

namespace riposte::drafting {

// Proposes the source from where the answer has arrived in it, as one chain: a few tokens after an edit, more
// the longer the answer has copied, and the end of the answer after the end of the source.
class SourceDrafter final : public Drafter {
 public:
  // `end` is the token that ends an answer; kNoToken: ends are not guessed.
  explicit SourceDrafter(TokenId end) : end_(end) {}
  void propose(const DraftContext& context, Draft& draft) const override;

 private:
  TokenId end_;
};

}  // namespace riposte::drafting
