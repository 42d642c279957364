// A token id: an index into a model's vocabulary.
#pragma once

#include <cstdint>

namespace riposte {

using TokenId = int32_t;
inline constexpr TokenId kNoToken = -1;

}  // namespace riposte
