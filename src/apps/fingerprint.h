// A short name for "these weights, computed this way".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/adapter.h"
#include "model/model.h"

namespace riposte::apps {

// Hashes every tensor's name, type, shape, first and last bytes (a full hash would read gigabytes at each
// start), the version of Riposte and `executor`. "fp_" and 16 hexadecimal digits.
std::string fingerprint(const model::Model& model, std::string_view executor);
// The same of a model with an adapter, merged into weights of a type or beside them.
std::string fingerprint(std::string_view base, const model::Adapter& adapter,
                        std::optional<gguf::TensorType> merged);

}  // namespace riposte::apps
