// The models of a server: what stands on its shelf, and how each gets into memory.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/runtime.h"
#include "base/result.h"
#include "rewrite/presets.h"
#include "server/model_shelf.h"

namespace riposte::apps {

struct ShelfPlan {
  std::vector<std::string> models = {};  // by name of the catalogue or by path: loaded at once, and they stay
  bool on_demand = false;           // and whatever lies in the models folder: loaded when somebody asks
  server::KeepAlive keep_alive;     // of those on demand
  uint64_t memory_bytes = 0;        // for all together; 0: no bound
};

// `options` says how each is run (its `model` is not looked at). Loads what is to be loaded at once, and
// returns when that is done. `presets` must outlive the shelf. Errors: those of find_model and of loading.
Result<std::shared_ptr<server::ModelShelf>> fill_shelf(const ShelfPlan& plan, const RuntimeOptions& options,
                                                       const rewrite::Presets& presets);

}  // namespace riposte::apps
