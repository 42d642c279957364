// An adapter added to the weights themselves, for a model that is used with this adapter alone.
#pragma once

#include <cstddef>
#include <vector>

#include "model/adapter.h"
#include "model/weights.h"

namespace riposte::model {

// Lets the matrices that the adapter changes view W + scale * B A instead, rounded to Q8_0 (to float32 where
// rows are no whole blocks). Returns what they view: it must outlive the weights.
std::vector<std::vector<std::byte>> merge(const Adapter& adapter, Weights& weights);

}  // namespace riposte::model
