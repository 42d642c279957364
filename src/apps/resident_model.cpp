#include "apps/resident_model.h"

#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <deque>
#include <filesystem>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "apps/catalogue.h"
#include "apps/fingerprint.h"
#include "apps/home.h"
#include "apps/model_details.h"
#include "apps/model_lookup.h"
#include "apps/model_preview.h"
#include "apps/pooling.h"
#include "chat/template.h"
#include "engine/engine.h"

namespace riposte::apps {
namespace {

namespace fs = std::filesystem;

// A model with one of its adapters: a part of a ResidentModel.
class AdaptedModel final : public server::LoadedModel {
 public:
  explicit AdaptedModel(api::ServedModel served) : served_(std::move(served)) {}
  const api::ServedModel& served() const override { return served_; }

 private:
  const api::ServedModel served_;
};

std::vector<std::string> fingerprints_of(const Runtime& runtime, std::string_view executor) {
  std::vector<std::string> prints = {fingerprint(runtime.model(), executor)};
  for (const NamedAdapter& named : runtime.adapters())
    prints.push_back(fingerprint(prints.front(), *named.adapter, named.merged_into));
  return prints;
}

class ResidentModel final : public server::LoadedModel {
 public:
  ResidentModel(Runtime runtime, std::optional<chat::Template> chat_template, const RuntimeOptions& options,
                const rewrite::Presets& presets)
      : runtime_(std::move(runtime)),
        chat_template_(std::move(chat_template)),
        presets_(with_adapters(presets, runtime_.adapters())),
        engine_(runtime_.executor(), runtime_.tokenizer(), runtime_.engine_options()),
        fingerprints_(fingerprints_of(runtime_, options.executor)),
        served_{.name = runtime_.name(),
                .created = static_cast<int64_t>(std::time(nullptr)),
                .fingerprint = fingerprints_.front(),
                .tokenizer = runtime_.tokenizer(),
                .chat_template = chat_template_ ? &*chat_template_ : nullptr,
                .engine = engine_,
                .context_length = runtime_.context_length(),
                .embedding_size = runtime_.executor().limits().hidden,
                .details = model_details(runtime_.model()),
                .presets = presets_,
                .aliases = options.aliases,
                .pooling = options.pooling
                               ? *options.pooling
                               : pooling_of(runtime_.model().file, runtime_.model().config.architecture),
                .lean = options.lean,
                .fingerprints = fingerprints_} {
    for (const NamedAdapter& named : runtime_.adapters()) {
      adapted_presets_.push_back(apps::with_adapters(presets, std::span(&named, 1)));
      adapted_.push_back(std::make_unique<AdaptedModel>(served_with(named, adapted_presets_.back())));
    }
  }
  const api::ServedModel& served() const override { return served_; }
  const server::LoadedModel& with_adapter(size_t index) const override { return *adapted_[index]; }
  std::span<const NamedAdapter> adapters() const { return runtime_.adapters(); }

 private:
  api::ModelDetails adapted_details(const NamedAdapter& adapter) const {
    api::ModelDetails details = served_.details;
    details.parent = served_.name;
    details.file_bytes += static_cast<int64_t>(adapter.adapter->file.size_bytes());
    return details;
  }

  api::ServedModel served_with(const NamedAdapter& adapter, const rewrite::Presets& its_presets) const {
    return {.name = api::with_adapter(served_.name, adapter.name),
            .created = served_.created,
            .fingerprint = served_.fingerprint_of(adapter.id),
            .tokenizer = served_.tokenizer,
            .chat_template = served_.chat_template,
            .engine = served_.engine,
            .context_length = served_.context_length,
            .embedding_size = served_.embedding_size,
            .details = adapted_details(adapter),
            .presets = its_presets,
            .aliases = api::with_adapter(served_.aliases, adapter.name),
            .pooling = served_.pooling,
            .lean = served_.lean,
            .adapter = adapter.id,
            .prompt = adapter.adapter->prompt,
            .fingerprints = fingerprints_};
  }

  // Each refers to those above it.
  const Runtime runtime_;
  const std::optional<chat::Template> chat_template_;
  const rewrite::Presets presets_;  // with those of all adapters
  engine::Engine engine_;
  const std::vector<std::string> fingerprints_;
  const api::ServedModel served_;
  std::deque<rewrite::Presets> adapted_presets_;  // each with those of one
  std::vector<std::unique_ptr<AdaptedModel>> adapted_;
};

Result<std::unique_ptr<ResidentModel>> load(const RuntimeOptions& options, const rewrite::Presets& presets) {
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

// Of a model that is loaded on demand, its adapters are listed from the start: files may have changed since.
Result<std::unique_ptr<server::LoadedModel>> load_as_listed(const RuntimeOptions& options,
                                                            const rewrite::Presets& presets,
                                                            const std::vector<std::string>& adapters) {
  auto loaded = load(options, presets);
  if (!loaded) return pass_on(loaded);
  if (names_of((*loaded)->adapters()) != adapters) {
    return fail(ErrorCode::kUnsupported, "the file {} has changed since the server started: start it again",
                options.model);
  }
  return std::unique_ptr<server::LoadedModel>(std::move(*loaded));
}

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

server::ShelfModel shelf_model(const fs::path& file, const Catalogue& catalogue) {
  constexpr double kPacked = 1.2;  // packed weights beside the file, KV memory: roughly
  const api::ModelDetails details = details_of(file);
  return {.name = file.stem().string(),
          .aliases = aliases_of(catalogue, file),
          .bytes = static_cast<uint64_t>(kPacked * static_cast<double>(details.file_bytes)),
          .load = {},
          .details = details};
}

// All model files of the folder that are not there yet.
Result<void> add_folder(std::vector<server::ShelfModel>& models, const ShelfPlan& plan,
                        const Catalogue& catalogue, const RuntimeOptions& options,
                        const rewrite::Presets& presets) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator entry(models_directory(), error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() == ".gguf") files.push_back(entry->path());
  }
  std::ranges::sort(files);
  for (const fs::path& file : files) {
    server::ShelfModel model = shelf_model(file, catalogue);
    if (std::ranges::find(models, model.name, &server::ShelfModel::name) != models.end()) continue;
    RuntimeOptions its_options = options;
    its_options.model = file.string();
    its_options.aliases = model.aliases;
    const auto preview = preview_model(file, its_options);
    if (!preview) return pass_on(preview);
    if (!preview->is_model) continue;
    model.adapters = preview->adapters;
    model.keep_alive = plan.keep_alive;
    model.load = [its_options, adapters = preview->adapters, &presets] {
      return load_as_listed(its_options, presets, adapters);
    };
    models.push_back(std::move(model));
  }
  return {};
}

// An adapter that fits none of the models was named by mistake.
Result<void> check_all_fit(std::span<const AdapterFile> files, std::span<const server::ShelfModel> models) {
  for (const AdapterFile& file : files) {
    const bool fits = std::ranges::any_of(models, [&file](const server::ShelfModel& model) {
      return std::ranges::find(model.adapters, file.name) != model.adapters.end();
    });
    if (!fits) {
      return fail(ErrorCode::kInvalidArgument,
                  "the adapter '{}' was made for none of the models that are served: {}", file.name,
                  file.path);
    }
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<server::ModelShelf>> fill_shelf(const ShelfPlan& plan, const RuntimeOptions& options,
                                                       const rewrite::Presets& presets) {
  const auto catalogue = Catalogue::load();
  if (!catalogue) return pass_on(catalogue);
  std::vector<server::ShelfModel> models;
  RuntimeOptions its_options = options;
  its_options.all_adapters_fit = plan.models.size() == 1 && !plan.on_demand;
  for (const std::string& name : plan.models) {
    const auto file = find_model(*catalogue, name);
    if (!file) return pass_on(file);
    server::ShelfModel model = shelf_model(*file, *catalogue);
    if (std::ranges::find(models, model.name, &server::ShelfModel::name) != models.end()) continue;
    its_options.model = file->string();
    its_options.aliases = model.aliases;
    auto loaded = load(its_options, presets);
    if (!loaded) return pass_on(loaded);
    model.adapters = names_of((*loaded)->adapters());
    model.loaded = std::move(*loaded);
    model.stays = true;
    models.push_back(std::move(model));
  }
  if (plan.on_demand) {
    if (auto added = add_folder(models, plan, *catalogue, its_options, presets); !added)
      return pass_on(added);
  }
  if (models.empty()) {
    return fail(ErrorCode::kNotFound,
                "there is no model to serve: name one with --model, or fetch one with: riposte pull {}",
                kDefaultModel);
  }
  if (auto fit = check_all_fit(options.adapters, models); !fit) return pass_on(fit);
  return std::make_shared<server::ModelShelf>(std::move(models),
                                              server::ShelfOptions{.memory_bytes = plan.memory_bytes});
}

}  // namespace riposte::apps
