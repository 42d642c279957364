// A small model of the same vocabulary drafts for a large one (speculative decoding, arXiv 2211.17192).
#pragma once

#include <cstdint>
#include <memory>

#include "drafting/drafter.h"
#include "model/executor.h"

namespace riposte::drafting {

struct ModelDrafterOptions {
  int32_t most_guesses = 4;  // a chain; each costs a step of the small model
  float chance = 0.7f;       // of each guess, before anything is known of this request (see Acceptance)
};

// Lets the executor write on, greedily, from the sequence so far. It keeps the keys and values of one
// sequence: what the next call shares with the last one is not computed again, so it is at its best with one
// request at a time. Its drafts depend on the context alone all the same.
class ModelDrafter final : public Drafter {
 public:
  // The executor must outlive it, and nobody else may use it. It drafts nothing where the executor fails,
  // where the sequence does not fit into its pages or its context, and where its vocabulary ends before a
  // token.
  ModelDrafter(model::Executor& executor, const ModelDrafterOptions& options = {});
  ~ModelDrafter() override;
  void propose(const DraftContext& context, Draft& draft) const override;

 private:
  struct State;  // one call at a time: guarded by a mutex
  std::unique_ptr<State> state_;
};

}  // namespace riposte::drafting
