// Who proposes drafts.
#pragma once

#include <cstdint>
#include <span>

#include "base/token.h"
#include "drafting/draft.h"

namespace riposte::drafting {

struct DraftContext {
  std::span<const TokenId> source;   // the text that is being rewritten; may be empty
  std::span<const TokenId> output;   // the answer so far
  std::span<const TokenId> history;  // all tokens of the sequence, prompt and answer
  int32_t most_tokens = 0;           // deeper guesses cannot be used
};

// A pure function of the context: no state that changes from call to call, so that the same request gets the
// same drafts. A wrong draft costs time; it never changes an answer. Called on the engine's thread between
// two steps, so it must be quick.
class Drafter {
 public:
  virtual ~Drafter() = default;
  // Fills `draft`, which is empty. An invalid draft is ignored.
  virtual void propose(const DraftContext& context, Draft& draft) const = 0;
};

}  // namespace riposte::drafting
