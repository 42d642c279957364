// The matrices that an adapter changes, with its share added to them (model/merge.h).
#pragma once

#include "base/result.h"
#include "executor/cpu/packed_weights.h"
#include "gguf/types.h"
#include "hardware/thread_team.h"
#include "model/adapter.h"
#include "model/weights.h"

namespace riposte::executor {

// The shapes of those matrices, without data; all others are empty.
model::Weights merged_shapes(const model::Adapter& adapter, const model::Weights& base,
                             gguf::TensorType type);

// Errors: kUnsupported (sums that are too large).
Result<PackedWeights> pack_merged(const model::Adapter& adapter, const model::Weights& base,
                                  gguf::TensorType type, hardware::ThreadTeam& team);

}  // namespace riposte::executor
