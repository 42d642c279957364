// POST /api/generate and /api/chat, as clients of Ollama send them
// (https://github.com/ollama/ollama/blob/main/docs/api.md).
#pragma once

#include <string_view>

#include "api/answer.h"

namespace riposte::api {

// Both are ReadGenerations. They stream unless the body says otherwise. "options" hold the sampling under
// Ollama's names (num_predict, repeat_penalty); options that only change how a model is run are ignored.
// Without a prompt or messages nothing is computed: clients load a model that way, and here it is loaded
// already. Errors: 400 with the field in the message, 404 another model's name (":latest" behind the name is
// the same).
ApiResult<Generation> read_ollama_generate(std::string_view body, const ServedModel& model,
                                           const RequestContext& context);
ApiResult<Generation> read_ollama_chat(std::string_view body, const ServedModel& model,
                                       const RequestContext& context);

}  // namespace riposte::api
