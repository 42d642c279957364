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

constexpr std::string_view kLatest = ":latest";
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

json::object details_object(const ServedModel& model) {
  return {{"parent_model", ""},
          {"format", "gguf"},
          {"family", text_of(model.details.family)},
          {"families", json::array{text_of(model.details.family)}},
          {"parameter_size", parameter_size(model.details.parameters)},
          {"quantization_level", text_of(model.details.quantization)}};
}

json::object listed_model(const ServedModel& model) {
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

}  // namespace

ApiResult<void> check_ollama_model(const std::string& name, const ServedModel& model) {
  std::string_view plain = name;
  if (plain.ends_with(kLatest)) plain.remove_suffix(kLatest.size());
  if (plain == model.name || name == model.name) return {};
  return tl::unexpected<ApiError>(
      {404, "invalid_request_error",
       name.empty() ? "'model' is missing: expected the name of a model"
                    : fmt::format("model '{}' not found: this server serves '{}'", name, model.name),
       "model", "model_not_found"});
}

ApiResult<std::string> ollama_tags(std::string_view, const ServedModel& model) {
  json::object listed = listed_model(model);
  listed["modified_at"] = rfc3339(model.details.modified);
  return json::serialize(json::object{{"models", json::array{std::move(listed)}}});
}

ApiResult<std::string> ollama_ps(std::string_view, const ServedModel& model) {
  json::object running = listed_model(model);
  running["expires_at"] = text_of(kNever);
  running["size_vram"] = 0;
  running["context_length"] = model.context_length;
  return json::serialize(json::object{{"models", json::array{std::move(running)}}});
}

ApiResult<std::string> ollama_version(std::string_view, const ServedModel&) {
  return json::serialize(json::object{{"version", text_of(kOllamaVersion)}});
}

ApiResult<std::string> ollama_show(std::string_view body, const ServedModel& model) {
  const auto name = asked_model(body);
  if (!name) return tl::unexpected(name.error());
  if (const auto found = check_ollama_model(*name, model); !found) return tl::unexpected(found.error());
  const std::string family = model.details.family;
  return json::serialize(json::object{{"modelfile", text_of(fmt::format("FROM {}", model.name))},
                                      {"parameters", ""},
                                      {"template", text_of(valid_utf8(model.details.template_source))},
                                      {"details", details_object(model)},
                                      {"model_info",
                                       {{"general.architecture", text_of(family)},
                                        {"general.parameter_count", model.details.parameters},
                                        {family + ".context_length", model.context_length}}},
                                      {"capabilities", json::array{"completion"}},
                                      {"modified_at", rfc3339(model.details.modified)}});
}

ApiResult<std::string> ollama_pull(std::string_view body, const ServedModel& model) {
  const auto name = asked_model(body);
  if (!name) return tl::unexpected(name.error());
  if (check_ollama_model(*name, model)) return R"({"status":"success"})";
  return tl::unexpected<ApiError>(
      {404, "invalid_request_error",
       fmt::format(
           "this server serves '{}' and fetches nothing: use riposte pull {}, then riposte serve --model {}",
           model.name, *name, *name),
       "model", "model_not_found"});
}

ApiResult<std::string> ollama_delete(std::string_view body, const ServedModel& model) {
  const auto name = asked_model(body);
  if (!name) return tl::unexpected(name.error());
  if (const auto found = check_ollama_model(*name, model); !found) return tl::unexpected(found.error());
  return tl::unexpected<ApiError>(
      {403, "invalid_request_error",
       fmt::format("model '{}' is being served: stop the server, then delete its file", model.name), "model",
       "model_in_use"});
}

}  // namespace riposte::api
