// Packed weights that outlive the process: from a file if there is a good one, else packed, and written for
// the next start.
#pragma once

#include <filesystem>

#include "base/result.h"
#include "executor/cpu/packed_weights.h"
#include "gguf/types.h"
#include "model/adapter.h"
#include "model/model.h"

namespace riposte::executor {

// folder/NAME-HASH.pack, the hash being that of the model file's whole path: a model has one file, which is
// replaced when the model file or the packing changes.
std::filesystem::path pack_path(const std::filesystem::path& folder, const std::filesystem::path& model_file);
// folder/NAME-HASH-ADAPTER.pack: of an adapter that is merged, by its hash.
std::filesystem::path pack_path(const std::filesystem::path& folder, const std::filesystem::path& model_file,
                                const model::Adapter& adapter);

// Never fails: what is wrong with the file or the folder costs time and a line in the log. An empty folder
// means none. The file is written in the background, after packing; the destructor of the result waits for
// that.
PackedWeights load_or_pack(const model::Model& model, hardware::ThreadTeam& team,
                           const std::filesystem::path& folder);
// The same of the matrices of an adapter that is merged. Errors: those of pack_merged (merged_weights.h).
Result<PackedWeights> load_or_merge(const model::Model& base, const model::Adapter& adapter,
                                    gguf::TensorType type, hardware::ThreadTeam& team,
                                    const std::filesystem::path& folder);

}  // namespace riposte::executor
