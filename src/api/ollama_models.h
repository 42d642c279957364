// What clients of Ollama ask about models. "pull" of a model that is there succeeds; others have to be
// fetched by riposte pull.
#pragma once

#include <string>
#include <string_view>

#include "api/error.h"
#include "api/models.h"
#include "api/served_model.h"

namespace riposte::api {

// Errors: 404 if `name` is empty or another model's; ":latest" behind the name is the same model.
ApiResult<void> check_ollama_model(const std::string& name, const ServedModel& model);

// The bodies of answers; all of them are AnswerNow (see server/routes.h).
ApiResult<std::string> ollama_tags(std::string_view body, const Models& models);
ApiResult<std::string> ollama_ps(std::string_view body, const Models& models);
ApiResult<std::string> ollama_version(std::string_view body, const Models& models);
// Errors: 400 a body without "model", 404 a model that is not here.
ApiResult<std::string> ollama_show(std::string_view body, const Models& models);
ApiResult<std::string> ollama_pull(std::string_view body, const Models& models);
// Never succeeds: 403 for a model that is served, 404 for any other.
ApiResult<std::string> ollama_delete(std::string_view body, const Models& models);

}  // namespace riposte::api
