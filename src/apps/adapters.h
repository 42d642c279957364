// The adapters of a command line: NAME=FILE, and what a preset becomes with one.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/types.h"
#include "model/adapter.h"
#include "model/config.h"
#include "model/weights.h"
#include "rewrite/presets.h"

namespace riposte::apps {

struct AdapterFile {
  std::string name;
  std::string path;
};

// --adapter NAME=FILE, which may be given again.
void add_adapter_option(CLI::App& command, std::vector<AdapterFile>& files);

// An adapter that a model has.
struct NamedAdapter {
  std::string name;
  model::AdapterId id;
  std::shared_ptr<const model::Adapter> adapter;
  bool shipped = false;  // with Riposte (shipped_adapters.h): nobody asked for it by name
  std::optional<gguf::TensorType> merged_into =
      {};  // model/merge.h; decided where it is opened to be computed with
};

// A model as far as adapters go.
struct AdapterBase {
  std::string name;
  const model::ModelConfig& config;
  const model::Weights& weights;
};

// Opens those that were made for this model. Errors: those of Adapter::open; of an adapter of another model
// only if `all` must fit.
Result<std::vector<NamedAdapter>> open_adapters(std::span<const AdapterFile> files, const AdapterBase& base,
                                                bool all);

// The presets with those that adapters were trained for: these use the adapter and its prompt.
rewrite::Presets with_adapters(const rewrite::Presets& presets, std::span<const NamedAdapter> adapters);

// A preset of a model for which adapters were named. One that none of them was trained for is computed by the
// only adapter that was named, with the preset's own instruction. Errors: kInvalidArgument (several: which
// one is meant?).
Result<rewrite::Preset> choose_adapter(rewrite::Preset preset, std::span<const NamedAdapter> adapters);

}  // namespace riposte::apps
