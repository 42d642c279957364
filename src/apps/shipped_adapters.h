// The adapters that come with Riposte, inside the program: `adapters/` of the repository.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "apps/adapters.h"
#include "base/result.h"

namespace riposte::apps {

// Adds those that were made for this model, except under a name that is taken or for a preset that one of
// `adapters` was trained for. Errors: those of Adapter::read, of a damaged program.
Result<void> add_shipped_adapters(const AdapterBase& base, std::vector<NamedAdapter>& adapters);

}  // namespace riposte::apps
