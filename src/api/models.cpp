#include "api/models.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace riposte::api {
namespace {

boost::json::object model_object(const ListedModel& model) {
  boost::json::object object{{"id", boost::json::string(model.name)},
                             {"object", "model"},
                             {"created", model.created},
                             {"owned_by", "riposte"}};
  if (!model.details.parent.empty()) object["parent"] = boost::json::string(model.details.parent);
  if (model.context_length > 0) object["max_model_len"] = model.context_length;
  return object;
}

}  // namespace

ListedModel::ListedModel(const ServedModel& model)
    : name(model.name),
      aliases(model.aliases),
      created(model.created),
      fingerprint(model.fingerprint),
      context_length(model.context_length),
      details(model.details),
      loaded(true),
      memory_bytes(model.details.file_bytes) {}

const ListedModel* Models::find(std::string_view name) const {
  const auto found = std::ranges::find_if(
      all, [name](const ListedModel& model) { return is_called(name, model.name, model.aliases); });
  return found == all.end() ? nullptr : &*found;
}

std::string Models::names() const {
  std::string names;
  for (const ListedModel& model : all) names += fmt::format("{}'{}'", names.empty() ? "" : ", ", model.name);
  return names;
}

std::string model_json(const ListedModel& model) {
  return boost::json::serialize(model_object(model));
}

ApiResult<std::string> list_models(std::string_view, const Models& models) {
  boost::json::array data;
  for (const ListedModel& model : models.all) data.push_back(model_object(model));
  return boost::json::serialize(boost::json::object{{"object", "list"}, {"data", std::move(data)}});
}

}  // namespace riposte::api
