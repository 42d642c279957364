// From what a user calls a model to its file.
#pragma once

#include <filesystem>
#include <string_view>

#include "apps/catalogue.h"
#include "base/result.h"

namespace riposte::apps {

// `name` is a name of the catalogue, the name of a file in the models directory (with or without .gguf), or a
// path. Errors: kNotFound: a known model that is not here yet says how to fetch it, an unknown one lists the
// known.
Result<std::filesystem::path> find_model(const Catalogue& catalogue, std::string_view name);
// The same with Catalogue::load().
Result<std::filesystem::path> find_model(std::string_view name);

}  // namespace riposte::apps
