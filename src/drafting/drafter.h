// Who proposes drafts.
#pragma once

#include <cstdint>
#include <span>

#include "base/token.h"
#include "drafting/acceptance.h"
#include "drafting/draft.h"
#include "drafting/lookahead.h"

namespace riposte::drafting {

struct DraftContext {
  std::span<const TokenId> source = {};      // the text that is being rewritten; may be empty
  std::span<const TokenId> prediction = {};  // an answer that the client expects; may be empty
  std::span<const TokenId> output = {};      // the answer so far
  std::span<const TokenId> history = {};     // all tokens of the sequence, prompt and answer
  int32_t most_tokens = 0;                   // deeper guesses cannot be used
  // How likely it is, before anything is written, that the answer is a rewriting of the source at all: about
  // 1 for a preset, less for a chat whose last message is merely taken for one.
  float rewriting_chance = 1.0f;
  // What came of the guesses of this request so far; null: nothing is known.
  const Acceptance* acceptance = nullptr;
  // What the model said behind wrong guesses of this request; positions are those of `output`. Null: nothing
  // is known.
  const Lookahead* lookahead = nullptr;
  uint64_t owner = 0;       // whose history may be used and added to
  bool use_history = true;  // false: neither
};

// A function of the context alone (and, where it has one, of a store of earlier answers), without state that
// changes from call to call. A wrong draft costs time; it never changes an answer. Called on the engine's
// thread between two steps, so it must be quick.
class Drafter {
 public:
  virtual ~Drafter() = default;
  // Fills `draft`, which is empty. An invalid draft is ignored.
  virtual void propose(const DraftContext& context, Draft& draft) const = 0;
  // An answer is complete: `output` is all of it, without the end token. Told once a request, so that those
  // who learn can.
  virtual void learn(const DraftContext& /*finished*/) const {}
};

}  // namespace riposte::drafting
