#include "api/ollama_models.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "api/fields.h"
#include "api/json.h"
#include "api/ollama_writer.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

// Ollama's clients compare versions to know what a server can do; this is the one whose dialect is spoken
// here.
constexpr std::string_view kOllamaVersion = "0.9.0";
// "keep_alive" without an end.
constexpr std::string_view kNever = "9999-12-31T23:59:59Z";

// 1543714304 as "1.5B", 134515008 as "134.5M".
std::string parameter_size(int64_t parameters) {
  const auto count = static_cast<double>(parameters);
  if (count >= 1e9) return fmt::format("{:.1f}B", count / 1e9);
  return fmt::format("{:.1f}M", count / 1e6);
}

json::object details_object(const ListedModel& model) {
  return {{"parent_model", text_of(model.details.parent)},
          {"format", "gguf"},
          {"family", text_of(model.details.family)},
          {"families", json::array{text_of(model.details.family)}},
          {"parameter_size", parameter_size(model.details.parameters)},
          {"quantization_level", text_of(model.details.quantization)}};
}

json::object listed_model(const ListedModel& model) {
  return {{"name", text_of(model.name)},
          {"model", text_of(model.name)},
          {"size", model.details.file_bytes},
          {"digest", text_of(model.fingerprint)},
          {"details", details_object(model)}};
}

// "model", or "name" as older clients call it.
ApiResult<std::string> asked_model(std::string_view body) {
  const Result<json::value> parsed = parse_json(body);
  if (!parsed) return tl::unexpected<ApiError>(from_error(parsed.error()));
  if (!parsed->is_object())
    return bad_request("", "the body must be a JSON object, found " + describe(*parsed));
  Fields fields(parsed->get_object());
  std::string name;
  fields.text("name", name);
  fields.text("model", name);
  if (!fields.ok()) return fields.complaint();
  if (name.empty()) return bad_request("model", "'model' is missing: expected the name of a model");
  return name;
}

ApiError not_found(const std::string& name, const std::string& names) {
  return {404, "invalid_request_error",
          name.empty() ? "'model' is missing: expected the name of a model"
                       : fmt::format("model '{}' not found: this server serves {}", name, names),
          "model", "model_not_found"};
}

ApiResult<const ListedModel*> find_model(std::string_view body, const Models& models) {
  const auto name = asked_model(body);
  if (!name) return tl::unexpected(name.error());
  if (const ListedModel* model = models.find(*name)) return model;
  return tl::unexpected(not_found(*name, models.names()));
}

}  // namespace

ApiResult<void> check_ollama_model(const std::string& name, const ServedModel& model) {
  if (!name.empty() && is_called(name, model.name, model.aliases)) return {};
  return tl::unexpected(not_found(name, fmt::format("'{}'", model.name)));
}

ApiResult<std::string> ollama_tags(std::string_view, const Models& models) {
  json::array all;
  for (const ListedModel& model : models.all) {
    json::object listed = listed_model(model);
    listed["modified_at"] = rfc3339(model.details.modified);
    all.push_back(std::move(listed));
  }
  return json::serialize(json::object{{"models", std::move(all)}});
}

ApiResult<std::string> ollama_ps(std::string_view, const Models& models) {
  json::array all;
  for (const ListedModel& model : models.all) {
    if (!model.loaded) continue;
    json::object running = listed_model(model);
    running["size"] = model.memory_bytes;
    running["size_vram"] = 0;
    running["expires_at"] = model.expires_at ? text_of(rfc3339(*model.expires_at)) : text_of(kNever);
    running["context_length"] = model.context_length;
    all.push_back(std::move(running));
  }
  return json::serialize(json::object{{"models", std::move(all)}});
}

ApiResult<std::string> ollama_version(std::string_view, const Models&) {
  return json::serialize(json::object{{"version", text_of(kOllamaVersion)}});
}

ApiResult<std::string> ollama_show(std::string_view body, const Models& models) {
  const auto found = find_model(body, models);
  if (!found) return tl::unexpected(found.error());
  const ListedModel& model = **found;
  json::object info{{"general.parameter_count", model.details.parameters}};
  if (const std::string& family = model.details.family; !family.empty()) {
    info["general.architecture"] = text_of(family);
    info[family + ".context_length"] = model.context_length;
  }
  return json::serialize(json::object{{"modelfile", text_of(fmt::format("FROM {}", model.name))},
                                      {"parameters", ""},
                                      {"template", text_of(valid_utf8(model.details.template_source))},
                                      {"details", details_object(model)},
                                      {"model_info", std::move(info)},
                                      {"capabilities", json::array{"completion"}},
                                      {"modified_at", rfc3339(model.details.modified)}});
}

ApiResult<std::string> ollama_pull(std::string_view body, const Models& models) {
  const auto name = asked_model(body);
  if (!name) return tl::unexpected(name.error());
  if (models.find(*name) != nullptr) return R"({"status":"success"})";
  return tl::unexpected<ApiError>(
      {404, "invalid_request_error",
       fmt::format(
           "this server serves {} and fetches nothing: use riposte pull {}, then riposte serve --model {}",
           models.names(), *name, *name),
       "model", "model_not_found"});
}

ApiResult<std::string> ollama_delete(std::string_view body, const Models& models) {
  const auto found = find_model(body, models);
  if (!found) return tl::unexpected(found.error());
  return tl::unexpected<ApiError>(
      {403, "invalid_request_error",
       fmt::format("model '{}' is being served: stop the server, then delete its file", (*found)->name),
       "model", "model_in_use"});
}

}  // namespace riposte::api
