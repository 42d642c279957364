// A chat with an adapter that was trained to rewrite (ServedModel::prompt): what the user said last is cut,
// rewritten and put together as POST /v1/rewrite does it, and told in the chat's own dialect.
#pragma once

#include <string>

#include "api/answer.h"
#include "api/chat_request.h"
#include "api/error.h"
#include "api/served_model.h"

namespace riposte::api {

// What a chat gets that leaves the choice to the model: of one that rewrites its preset's temperature.
void settle_sampling(ChatRequest& chat, const ServedModel& model);

// Adds the requests of a chat to `generation`, whose writer is that of the dialect: as many as it wants
// choices; or, where a model that rewrites is asked for one plain answer, one for each part of the text, with
// a writer that puts them together. An answer of these that strays (rewrite/restraint.h) is not taken: the
// part stays as it is.
//
// Sent whole, and told as it comes, is what asks for more than a text: several choices, log-probabilities,
// stop strings, tools, a format; a limit that the text itself would not keep, or no answer at all (max_tokens
// 0).
//
// Errors: those of to_engine_request.
ApiResult<void> add_requests(const ChatRequest& chat, const ServedModel& model, const std::string& param,
                             Generation& generation);

}  // namespace riposte::api
