// GET /v1/models and /v1/models/{id}: what is served.
#pragma once

#include <string>
#include <string_view>

#include "api/error.h"
#include "api/served_model.h"

namespace riposte::api {

// The object "model", with the context length as an extension ("max_model_len", as other local servers call
// it).
std::string model_json(const ServedModel& model);
// The object "list" with that one model.
ApiResult<std::string> list_models(std::string_view body, const ServedModel& model);

}  // namespace riposte::api
