// A rewritten sentence is mostly the sentence: the source is the draft (aggressive decoding, arXiv
// 2205.10350).
#pragma once

#include "drafting/drafter.h"
#include "drafting/history.h"
#include "drafting/spelling.h"
#include "drafting/vocabulary.h"

namespace riposte::drafting {

// Proposes how the source goes on from each place where the answer may have arrived in it (alignment.h), with
// likely edits (continuations.h), as one tree (guess_tree.h). In place of the source it may follow the
// prediction.
class SourceDrafter final : public Drafter {
 public:
  enum class Text { kSource, kPrediction };
  // All must outlive it. `spelling` may be null: unknown words are copied; `history` too: no learned edits
  // are guessed.
  SourceDrafter(const Vocabulary& vocabulary, const Spelling* spelling, Text text = Text::kSource,
                const History* history = nullptr)
      : vocabulary_(vocabulary), spelling_(spelling), history_(history), text_(text) {}
  void propose(const DraftContext& context, Draft& draft) const override;

 private:
  const Vocabulary& vocabulary_;
  const Spelling* spelling_;
  const History* history_;
  Text text_;
};

}  // namespace riposte::drafting
