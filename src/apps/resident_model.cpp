#include "apps/resident_model.h"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "apps/catalogue.h"
#include "apps/fingerprint.h"
#include "apps/home.h"
#include "apps/model_details.h"
#include "apps/model_lookup.h"
#include "chat/template.h"
#include "engine/engine.h"

namespace riposte::apps {
namespace {

namespace fs = std::filesystem;

class ResidentModel final : public server::LoadedModel {
 public:
  ResidentModel(Runtime runtime, std::optional<chat::Template> chat_template, const RuntimeOptions& options,
                const rewrite::Presets& presets)
      : runtime_(std::move(runtime)),
        chat_template_(std::move(chat_template)),
        engine_(runtime_.executor(), runtime_.tokenizer(), runtime_.engine_options()),
        served_{.name = runtime_.name(),
                .created = static_cast<int64_t>(std::time(nullptr)),
                .fingerprint = fingerprint(runtime_.model(), options.executor),
                .tokenizer = runtime_.tokenizer(),
                .chat_template = chat_template_ ? &*chat_template_ : nullptr,
                .engine = engine_,
                .context_length = runtime_.context_length(),
                .embedding_size = runtime_.executor().limits().hidden,
                .details = model_details(runtime_.model()),
                .presets = presets,
                .aliases = options.aliases,
                .pooling = options.pooling,
                .lean = options.lean} {}
  const api::ServedModel& served() const override { return served_; }

 private:
  // Each refers to those above it.
  const Runtime runtime_;
  const std::optional<chat::Template> chat_template_;
  engine::Engine engine_;
  const api::ServedModel served_;
};

// What a file tells without being opened.
api::ModelDetails details_of(const fs::path& file) {
  api::ModelDetails details;
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return details;
  details.file_bytes = status.st_size;
  details.modified = status.st_mtime;
  return details;
}

std::vector<std::string> aliases_of(const Catalogue& catalogue, const fs::path& file) {
  std::vector<std::string> aliases;
  for (const CatalogueEntry& entry : catalogue.entries()) {
    if (entry.file == file.filename()) aliases.push_back(entry.name);
  }
  return aliases;
}

server::ShelfModel shelf_model(const fs::path& file, const Catalogue& catalogue, RuntimeOptions options,
                               const rewrite::Presets& presets) {
  options.model = file.string();
  options.aliases = aliases_of(catalogue, file);
  constexpr double kPacked = 1.2;  // packed weights beside the file, KV memory: roughly
  const api::ModelDetails details = details_of(file);
  return {.name = file.stem().string(),
          .aliases = options.aliases,
          .bytes = static_cast<uint64_t>(kPacked * static_cast<double>(details.file_bytes)),
          .keep_alive = {},
          .load = [options, &presets] { return load_resident_model(options, presets); },
          .details = details};
}

// All model files of the folder that are not there yet.
void add_folder(std::vector<server::ShelfModel>& models, const ShelfPlan& plan, const Catalogue& catalogue,
                const RuntimeOptions& options, const rewrite::Presets& presets) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(models_directory(), error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".gguf") files.push_back(entry->path());
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    const std::string name = file.stem().string();
    if (std::ranges::find(models, name, &server::ShelfModel::name) != models.end()) continue;
    models.push_back(shelf_model(file, catalogue, options, presets));
    models.back().keep_alive = plan.keep_alive;
  }
}

}  // namespace

Result<std::unique_ptr<server::LoadedModel>> load_resident_model(const RuntimeOptions& options,
                                                                 const rewrite::Presets& presets) {
  auto runtime = Runtime::open(options);
  if (!runtime) return pass_on(runtime);
  std::optional<chat::Template> chat_template;
  if (!runtime->model().chat_template.empty()) {
    auto parsed = parse_chat_template(runtime->model());
    if (!parsed) return pass_on(parsed);
    chat_template = std::move(*parsed);
  }
  return std::make_unique<ResidentModel>(std::move(*runtime), std::move(chat_template), options, presets);
}

Result<std::shared_ptr<server::ModelShelf>> fill_shelf(const ShelfPlan& plan, const RuntimeOptions& options,
                                                       const rewrite::Presets& presets) {
  const auto catalogue = Catalogue::load();
  if (!catalogue) return pass_on(catalogue);
  std::vector<server::ShelfModel> models;
  for (const std::string& name : plan.models) {
    const auto file = find_model(*catalogue, name);
    if (!file) return pass_on(file);
    server::ShelfModel model = shelf_model(*file, *catalogue, options, presets);
    if (std::ranges::find(models, model.name, &server::ShelfModel::name) != models.end()) continue;
    auto loaded = model.load();
    if (!loaded) return pass_on(loaded);
    model.loaded = std::move(*loaded);
    model.stays = true;
    models.push_back(std::move(model));
  }
  if (plan.on_demand) add_folder(models, plan, *catalogue, options, presets);
  if (models.empty()) {
    return fail(ErrorCode::kNotFound,
                "there is no model to serve: name one with --model, or fetch one with: riposte pull {}",
                kDefaultModel);
  }
  return std::make_shared<server::ModelShelf>(std::move(models),
                                              server::ShelfOptions{.memory_bytes = plan.memory_bytes});
}

}  // namespace riposte::apps
