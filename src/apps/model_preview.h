// What a model file will be once it is loaded, told by its head alone: neither tokeniser nor weights are
// read.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "apps/adapters.h"
#include "apps/runtime.h"
#include "base/result.h"

namespace riposte::apps {

struct ModelPreview {
  bool is_model = true;               // false: the file says that it is something else (an adapter, say)
  std::vector<std::string> adapters;  // their names, as Runtime::adapters() will have them
};

// `options` says how it will be run. A file that cannot be read counts as a model without adapters: whoever
// asks for it is told what is wrong. Errors: those of adapters_of.
Result<ModelPreview> preview_model(const std::filesystem::path& file, const RuntimeOptions& options);

// The names of adapters, in their order.
std::vector<std::string> names_of(std::span<const NamedAdapter> adapters);

}  // namespace riposte::apps
