// What came of earlier guesses, and what that says about the next ones.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/token.h"
#include "drafting/draft.h"

namespace riposte::drafting {

// Learns for each origin by how much its chances are too high or too low: a shift of their log-odds, moved a
// little by every guess that is decided (logistic regression by stochastic gradient, of the intercept alone).
// A few numbers, copied freely: one for each request, which may begin as a copy of what is known of its
// preset.
class Acceptance {
 public:
  // A guess was verified whose parent was right; `chance` is the one it had, corrected or not.
  void observe(Origin origin, float chance, bool right);
  // The chance as it should have been said. In (0, 1].
  float corrected(Origin origin, float chance) const;
  // Keeps this share (0 to 1) of what was learned: the past fades.
  void fade(float keep);

  int64_t decided(Origin origin) const { return decided_[static_cast<size_t>(origin)]; }

 private:
  std::array<float, kOrigins> shift_ = {};  // of the log-odds
  std::array<int64_t, kOrigins> decided_ = {};
};

// A request of a known task (a preset) begins with this share of what the task knows, so that it is soon
// judged by itself; a task forgets with each request, so that about ten of them count.
inline constexpr float kInherited = 0.5f;
inline constexpr float kRemembered = 0.9f;

// Observes all guesses of a verified draft that were decided: those on the way of `answer`, the tokens that
// the step produced (accepted ones and the one after them; an end token may be the last), and their siblings.
void observe_draft(const Draft& draft, std::span<const TokenId> answer, Acceptance& acceptance);

}  // namespace riposte::drafting
