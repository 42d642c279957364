#include "api/models.h"

#include <boost/json.hpp>

namespace riposte::api {
namespace {

boost::json::object model_object(const ServedModel& model) {
  return {{"id", boost::json::string(model.name)},
          {"object", "model"},
          {"created", model.created},
          {"owned_by", "riposte"},
          {"max_model_len", model.context_length}};
}

}  // namespace

std::string model_json(const ServedModel& model) {
  return boost::json::serialize(model_object(model));
}

ApiResult<std::string> list_models(std::string_view, const ServedModel& model) {
  const boost::json::object list{{"object", "list"}, {"data", boost::json::array{model_object(model)}}};
  return boost::json::serialize(list);
}

}  // namespace riposte::api
