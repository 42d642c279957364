#include "apps/adapters.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace riposte::apps {
namespace {

// Throws CLI::ValidationError.
AdapterFile parse(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals + 1 == text.size())
    throw CLI::ValidationError("--adapter", "expected NAME=FILE, found '" + text + "'");
  AdapterFile file{text.substr(0, equals), text.substr(equals + 1)};
  if (!model::is_adapter_name(file.name) || file.name == "latest") {
    throw CLI::ValidationError(
        "--adapter",
        "a name is 1 to 64 letters, digits, '_', '.' and '-', and not 'latest'; found '" + file.name + "'");
  }
  return file;
}

}  // namespace

void add_adapter_option(CLI::App& command, std::vector<AdapterFile>& files) {
  command
      .add_option_function<std::vector<std::string>>(
          "--adapter",
          [&files](const std::vector<std::string>& given) {
            files.clear();
            for (const std::string& text : given) {
              AdapterFile file = parse(text);
              if (std::ranges::find(files, file.name, &AdapterFile::name) != files.end())
                throw CLI::ValidationError("--adapter",
                                           "there are two adapters of the name '" + file.name + "'");
              files.push_back(std::move(file));
            }
          },
          "NAME=FILE: a LoRA adapter of the model (GGUF), under a name of your choice; may be given again")
      ->expected(1)
      ->allow_extra_args(false)  // what stands behind it is another argument
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

Result<std::vector<NamedAdapter>> open_adapters(std::span<const AdapterFile> files, const AdapterBase& base,
                                                bool all) {
  std::vector<NamedAdapter> adapters;
  for (const AdapterFile& file : files) {
    auto adapter = model::Adapter::open(file.path, base.config, base.weights);
    if (adapter) {
      const auto id = static_cast<model::AdapterId>(adapters.size() + 1);
      adapters.push_back({file.name, id, std::move(*adapter)});
    } else if (all || adapter.error().code != ErrorCode::kInvalidArgument) {
      return tl::unexpected(adapter.error().within(fmt::format("the adapter '{}'", file.name)));
    } else {
      spdlog::info("{} has no adapter '{}': {}", base.name, file.name, adapter.error().message);
    }
  }
  return adapters;
}

rewrite::Presets with_adapters(const rewrite::Presets& presets, std::span<const NamedAdapter> adapters) {
  rewrite::Presets all = presets;
  for (const NamedAdapter& named : adapters) {
    const model::Adapter& adapter = *named.adapter;
    if (adapter.preset.empty()) continue;
    rewrite::Preset preset;
    if (const auto known = presets.find(adapter.preset, adapter.language)) preset = **known;
    preset.name = adapter.preset;
    preset.language = adapter.language;
    preset.prompt = adapter.prompt;
    preset.adapter = named.id;
    preset.restrained = true;  // small models run away
    all.put(std::move(preset));
  }
  return all;
}

Result<rewrite::Preset> choose_adapter(rewrite::Preset preset, std::span<const NamedAdapter> adapters) {
  std::vector<NamedAdapter> named(adapters.begin(), adapters.end());
  std::erase_if(named, [](const NamedAdapter& adapter) { return adapter.shipped; });
  if (named.empty() || preset.adapter != model::kNoAdapter) return preset;
  if (named.size() > 1) {
    return fail(
        ErrorCode::kInvalidArgument,
        "none of the {} adapters was trained for '{}': name the one that is meant with a single --adapter",
        named.size(), preset.name);
  }
  preset.adapter = named.front().id;
  return preset;
}

}  // namespace riposte::apps
