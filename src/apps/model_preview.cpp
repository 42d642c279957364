#include "apps/model_preview.h"

#include "model/config.h"
#include "model/file_type.h"
#include "model/weights.h"

namespace riposte::apps {

std::vector<std::string> names_of(std::span<const NamedAdapter> adapters) {
  std::vector<std::string> names;
  for (const NamedAdapter& named : adapters) names.push_back(named.name);
  return names;
}

Result<ModelPreview> preview_model(const std::filesystem::path& path, const RuntimeOptions& options) {
  const auto file = gguf::File::open(path);
  if (!file) return ModelPreview();
  if (!model::check_is_model(*file)) return ModelPreview{.is_model = false, .adapters = {}};
  const auto config = model::read_config(*file);
  if (!config) return ModelPreview();
  const auto weights = model::read_weights(*file, *config);
  if (!weights) return ModelPreview();
  const auto adapters = adapters_of(options, {path.stem().string(), *config, *weights});
  if (!adapters) return pass_on(adapters);
  return ModelPreview{.is_model = true, .adapters = names_of(*adapters)};
}

}  // namespace riposte::apps
