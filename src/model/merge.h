// An adapter added to the weights themselves: rows that it computes cost what rows of the base cost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "model/adapter.h"
#include "model/weights.h"

namespace riposte::model {

// Which adapters are merged. Such an adapter has matrices of its own in the place of those that it changes,
// which takes memory; the others are computed beside the base.
enum class Merging : uint8_t {
  kAsTrained,  // those that learned to be
  kAll,
  kNone,
};

// The type that the sums are rounded to, whatever the type of the base's matrices is: the one that the
// adapter was trained for, if their rows are whole blocks of it; otherwise F32, which is packed as Q8_0.
// Nothing: the adapter is not merged.
std::optional<gguf::TensorType> merged_type(const Adapter& adapter, const Weights& base, Merging merging);

// Rows [begin, end) of W + scale * B A in a type that merged_type() gives. `out` is of the whole matrix.
// False: a sum is beyond what the scale of a block can hold (65504).
bool merge_rows(const LowRank& pair, const Matrix& weight, gguf::TensorType type, int32_t begin, int32_t end,
                std::span<std::byte> out);

}  // namespace riposte::model
