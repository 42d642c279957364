// Which inputs of the output head are usually large: screening (screened_head.h) multiplies those exactly.
#pragma once

#include <cstdint>
#include <vector>

#include "model/weights.h"
#include "quant/packed.h"

namespace riposte::executor {

// A quant::InputOrder for the head's screening form, each group's inputs by falling expected size; empty
// where there is no such form. An input's size is read from the weights alone: what the last feed-forward
// block writes into that dimension (its norm's weight, or the length of that row of its down projection)
// times the output norm's weight. Of the energy of real hidden states the first four inputs of each group
// then hold 61 % (SmolLM2-135M) and 59 % (Gemma 3 270M); the best choice that does not look at the state
// itself, made from the states, holds 64 %.
//
// No answer depends on the order; the packed form does, so it goes into the key of its file.
std::vector<uint8_t> head_order(const model::Weights& weights);

}  // namespace riposte::executor
