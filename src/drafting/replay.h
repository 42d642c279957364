// What an engine would make of a drafter's guesses, without a model: the answer is known.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "drafting/acceptance.h"
#include "drafting/drafter.h"

namespace riposte::drafting {

struct ReplayOptions {
  std::span<const float> step_cost = {};  // as choose() takes it
  int32_t most_guesses = 32;              // in a pass
  int32_t prompt_rows = 1;                // rows of the prompt in the first pass
  Acceptance* task = nullptr;             // what is known of the task, and learns; null: nothing
};

struct Replayed {
  int32_t passes = 0;
  int32_t tokens = 0;  // of the answer, the end token counted: plain decoding makes one a pass
  std::array<int32_t, kOrigins> guessed = {};
  std::array<int32_t, kOrigins> accepted = {};
  double cost = 0.0;        // of all passes, by step_cost
  double plain_cost = 0.0;  // the same without guesses

  int32_t all_guessed() const;
  int32_t all_accepted() const;
};

// A guess that was verified with its parent right: what its chance was, and whether it was right.
struct Verdict {
  float chance = 0.0f;
  Origin origin = Origin::kSource;
  bool right = false;
};

// Replays passes as the engine makes them (engine/step_loop.h): in each, the drafter proposes, choose() takes
// what pays, the guesses that agree with the answer are accepted with the token after them, and the
// acceptance is observed. The first pass reads the prompt too. `answer` includes the end token; in `context`,
// source, prediction and the like are used, output, most_tokens and acceptance are filled in here. An invalid
// draft counts as none. Afterwards the drafter learns the answer. `verdicts` may be null.
Replayed replay(const Drafter& drafter, DraftContext context, std::span<const TokenId> answer,
                int32_t vocabulary, const ReplayOptions& options, std::vector<Verdict>* verdicts = nullptr);

}  // namespace riposte::drafting
