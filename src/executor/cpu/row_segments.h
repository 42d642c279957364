// Rows of a step in segments: neighbours of one block of 16 that have the same owner. A row's bits depend on
// the row and its owner alone, so it does not matter how the rows of a step are cut.
#pragma once

#include <cstdint>
#include <vector>

#include "executor/cpu/quantized_rows.h"

namespace riposte::executor {

struct OwnedSegment {
  int32_t owner;
  RowSegment rows;
};

// Appends row `row`; rows come in ascending order.
inline void append_row(std::vector<OwnedSegment>& segments, int32_t row, int32_t owner) {
  if (!segments.empty() && row % kBlockRows != 0) {
    OwnedSegment& last = segments.back();
    if (last.owner == owner && last.rows.end == row) {
      ++last.rows.end;
      return;
    }
  }
  segments.push_back({owner, {row, row + 1}});
}

}  // namespace riposte::executor
