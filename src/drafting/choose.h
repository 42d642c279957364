// How much to guess: as much as pays.
#pragma once

#include <cstdint>
#include <span>

#include "drafting/draft.h"

namespace riposte::drafting {

// Picks the part of a draft that is worth its rows, into `chosen` (in place of what was there; not `draft`
// itself).
//
// Guesses are taken by their cumulative chance (the product along the way from the root), so that parents
// come first, up to the number n that maximises
//
//     sum of the cumulative chances  -  rate * (cost(other_rows + 1 + n) - cost(other_rows + 1))
//
// where rate, the tokens that are got for a unit of cost, is the best that a step of this draft reaches
// beside `other_answers` requests with a row each:  max over n of (other_answers + 1 + sum) /
// cost(other_answers + 1 + n). In a step that only decodes, other_rows equals other_answers and this is the
// most tokens per cost (Dinkelbach's form of the ratio); in a step that reads prompts, whose rows must be
// computed anyway, it charges a guess what it adds to the step and no more.
//
// step_cost: as StepCost takes it. A cost that falls with more rows counts as equal. Empty: rows are free.
// other_rows: rows of the step besides this request's last token and its guesses.
// other_answers: how many other requests get a token from the step.
// most_guesses: how many may be chosen. Nothing is chosen where nothing pays.
void choose(const Draft& draft, std::span<const float> step_cost, int32_t other_rows, int32_t most_guesses,
            Draft& chosen, int32_t other_answers = 0);

}  // namespace riposte::drafting
