// What clients of Ollama ask about models. One model is served, and it stays: "pull" of it succeeds, any
// other model has to be fetched and served by its own process, and "keep_alive" has nothing to decide.
#pragma once

#include <string>
#include <string_view>

#include "api/error.h"
#include "api/served_model.h"

namespace riposte::api {

// Errors: 404 if `name` is empty or another model's; ":latest" behind the name is the same model.
ApiResult<void> check_ollama_model(const std::string& name, const ServedModel& model);

// The bodies of answers; all of them are AnswerNow (see server/routes.h).
ApiResult<std::string> ollama_tags(std::string_view body, const ServedModel& model);
ApiResult<std::string> ollama_ps(std::string_view body, const ServedModel& model);
ApiResult<std::string> ollama_version(std::string_view body, const ServedModel& model);
// Errors: 400 a body without "model", 404 another model.
ApiResult<std::string> ollama_show(std::string_view body, const ServedModel& model);
ApiResult<std::string> ollama_pull(std::string_view body, const ServedModel& model);
// Never succeeds: 403 for the served model, 404 for any other.
ApiResult<std::string> ollama_delete(std::string_view body, const ServedModel& model);

}  // namespace riposte::api
