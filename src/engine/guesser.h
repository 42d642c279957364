// What is guessed in a step, and what is learnt from it.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "drafting/acceptance.h"
#include "drafting/drafter.h"
#include "engine/sequence.h"

namespace riposte::engine {

// The step that guesses would join.
struct StepSoFar {
  int32_t rows = 0;          // of all requests
  int32_t answers = 0;       // requests that get a token from it
  int32_t guesses_left = 0;  // rows that there is still room for
};

// Used by the engine's thread alone.
class Guesser {
 public:
  // `drafter` may be null: nothing is guessed. step_cost: see drafting::StepCost; empty: rows are free.
  Guesser(const drafting::Drafter* drafter, std::vector<float> step_cost, int32_t most_guesses,
          int32_t vocabulary);

  // A request arrives: it begins with what is known of its task.
  void begin(Sequence& sequence);
  // Fills sequence.draft for a step in which the sequence is answered, with what pays.
  void guess(Sequence& sequence, const StepSoFar& step);
  // A step verified sequence.draft and produced these tokens (an end token may be the last).
  void observe(Sequence& sequence, std::span<const TokenId> produced);
  // A request ends.
  void end(const Sequence& sequence);

 private:
  const drafting::Drafter* drafter_;
  const std::vector<float> step_cost_;
  const int32_t most_guesses_;
  const int32_t vocabulary_;
  drafting::Draft proposed_;
  drafting::Draft usable_;  // what of it is not too deep
  std::unordered_map<uint64_t, drafting::Acceptance> tasks_;
};

}  // namespace riposte::engine
