#include "apps/model_lookup.h"

#include <string>
#include <system_error>

#include "apps/home.h"
#include "apps/location.h"

namespace riposte::apps {
namespace {

bool is_file(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) && !std::filesystem::is_directory(path, ignored);
}

}  // namespace

Result<std::filesystem::path> find_model(const Catalogue& catalogue, std::string_view name) {
  const std::filesystem::path models = models_directory();
  if (const CatalogueEntry* entry = catalogue.find(name)) {
    if (is_file(models / entry->file)) return models / entry->file;
    return fail(ErrorCode::kNotFound, "model '{}' is not on this machine yet; fetch it with: riposte pull {}",
                name, name);
  }
  const std::string file = name.ends_with(".gguf") ? std::string(name) : fmt::format("{}.gguf", name);
  if (is_model_file_name(file) && is_file(models / file)) return models / file;
  if (!name.empty() && is_file(name)) return std::filesystem::path(name);
  if (name.find('/') != std::string_view::npos || name.ends_with(".gguf")) {
    return fail(ErrorCode::kNotFound, "there is no model file '{}'", name);
  }
  return fail(ErrorCode::kNotFound,
              "there is no model '{}'; known models are {}, or give the path of a .gguf file", name,
              catalogue.names());
}

Result<std::filesystem::path> find_model(std::string_view name) {
  auto catalogue = Catalogue::load();
  if (!catalogue) return pass_on(catalogue);
  return find_model(*catalogue, name);
}

}  // namespace riposte::apps
