// Two drafts become one.
#pragma once

#include "drafting/draft.h"

namespace riposte::drafting {

// Adds the guesses of `other` to `draft`, whose own count first: a guess that both have keeps the higher
// chance; one that only `other` has gets what the draft's own guesses at its place leave of its chance.
// Guesses that lead beyond kMostGuesses are left out. `other` is valid and another draft.
void merge(const Draft& other, Draft& draft);

}  // namespace riposte::drafting
