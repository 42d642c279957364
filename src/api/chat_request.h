// POST /v1/chat/completions: the body of a request, read and checked
// (https://platform.openai.com/docs/api-reference/chat).
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer.h"
#include "api/chat_messages.h"
#include "api/error.h"
#include "api/fields.h"
#include "api/response_format.h"
#include "api/sampling_fields.h"
#include "api/served_model.h"
#include "api/tool_choice.h"
#include "engine/request.h"
#include "sampling/params.h"

namespace riposte::api {

struct ChatRequest {
  std::string model;  // empty: whatever is served
  ChatMessages messages;
  std::string
      user;  // who asks: earlier answers to the same user may give guesses; empty: nobody in particular
  bool draft_history = true;  // false: take no guesses from earlier answers and leave none for later ones
  std::string prediction;     // what the client expects to be answered; empty: nothing
  AnswerForm form;
  boost::json::array tools;
  ToolChoice tool_choice;
  boost::json::object template_variables;  // chat_template_kwargs
  std::optional<int32_t> max_tokens;  // 0: compute the prompt alone, so that what follows it finds it done
  int32_t choices = 1;                // "n"
  std::vector<std::string> stop;
  bool ignore_end = false;
  sampling::SamplingParams sampling = default_sampling();
  bool names_temperature = false;
  bool repeatable = false;  // the seed is the request's own, or does not matter
  bool stream = false;
  bool include_usage = false;  // a last chunk with the token counts, when streaming
};

// Reads a body without regard to any model. `random_seed` is taken where the request names none.
// Errors: 400 with the field's name. README.md says which fields are known, refused and ignored.
ApiResult<ChatRequest> parse_chat_request(std::string_view body, uint64_t random_seed);

// Renders and encodes the request for one model; the last user message becomes Request::source,
// the prediction Request::prediction.
// Errors: 404 another model's name, 400 a model without chat template, a message that the template refuses, a
// prompt that leaves no room in the context, a logit_bias beyond the vocabulary.
// `param`: what the messages are called in the request.
ApiResult<engine::Request> to_engine_request(const ChatRequest& chat, const ServedModel& model,
                                             const std::string& param = "messages");

// Both, and the writer of the answer. A ReadGeneration.
ApiResult<Generation> read_chat(std::string_view body, const ServedModel& model,
                                const RequestContext& context);

}  // namespace riposte::api
