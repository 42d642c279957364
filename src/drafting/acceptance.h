// What came of earlier guesses, and what that says about the next ones.
#pragma once

#include <array>
#include <span>

#include "base/token.h"
#include "drafting/draft.h"

namespace riposte::drafting {

// Counts, for each origin, how many guesses were right and how many should have been if their chances were
// true. A few numbers, copied freely: one for each request, which may begin as a copy of what is known of its
// preset.
class Acceptance {
 public:
  // A guess was verified whose parent was right.
  void observe(Origin origin, float chance, bool right);
  // The chance corrected by what was observed: its odds times those of the observed guesses over the expected
  // ones. Small counts are believed little. In (0, 1].
  float corrected(Origin origin, float chance) const;
  // Keeps this share (0 to 1) of the counts' weight: the past fades.
  void fade(float keep);

  int64_t decided(Origin origin) const { return counts_[static_cast<size_t>(origin)].decided; }

 private:
  struct Counts {
    float right = 0.0f, wrong = 0.0f;                    // observed
    float expected_right = 0.0f, expected_wrong = 0.0f;  // sums of chances
    int64_t decided = 0;                                 // guesses in all, not faded
  };
  std::array<Counts, kOrigins> counts_;
};

// Observes all guesses of a verified draft that were decided: those on the way of `answer`, the tokens that
// the step produced (accepted ones and the one after them; an end token may be the last), and their siblings.
void observe_draft(const Draft& draft, std::span<const TokenId> answer, Acceptance& acceptance);

}  // namespace riposte::drafting
