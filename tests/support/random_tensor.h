// Random weights in every tensor type that Riposte reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "gguf/types.h"

namespace riposte::support {

// `elements` values (whole blocks) with a mean near 0 and a standard deviation near `deviation`. Quantised
// types get random bits, with scales to match: no quantiser is involved. The engine is one whose numbers the
// standard fixes.
std::vector<std::byte> random_tensor(std::mt19937_64& random, gguf::TensorType type, uint64_t elements,
                                     float deviation);

// float32 values, evenly spread over centre - spread ... centre + spread.
std::vector<std::byte> random_floats(std::mt19937_64& random, uint64_t count, float centre, float spread);

}  // namespace riposte::support
