// What a worker asks memory for while it multiplies a panel.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quant/packed.h"

namespace riposte::executor {

// How far ahead of its use a panel is asked for, at least; in whole panels, since a panel's scales lie behind
// its quants. Measured in docs/decisions/0020.
inline constexpr int64_t kReadAhead = 16 << 10;

// The panel that far ahead of `panel` or, behind the last before `end`, as much of `after`, which the worker
// reads when it is done with this matrix (null: nobody knows what). Only an address: as many bytes as a panel
// has are asked for.
inline const std::byte* read_ahead(const quant::PackedMatrix& matrix, int64_t panel, int64_t end,
                                   const std::byte* after) {
  const auto bytes = static_cast<int64_t>(matrix.layout().bytes);
  const int64_t ahead = panel + (kReadAhead + bytes - 1) / bytes;
  if (ahead < end) return matrix.panel(ahead);
  return after == nullptr ? nullptr : after + (ahead - end) * bytes;
}

}  // namespace riposte::executor
