// The ceilings of each instruction set's arithmetic, as loops of nothing else: what hardware/ceilings.h
// measures with.
#pragma once

#include <span>

#include "hardware/peak_loops.h"

namespace riposte::kernels {

// Of the instruction sets that this machine can run, the best first; "reference" is always there and last.
std::span<const hardware::PeakLoops> available_peak_loops();

}  // namespace riposte::kernels
