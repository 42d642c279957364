// POST /v1/responses: OpenAI's newer form of a chat
// (https://platform.openai.com/docs/api-reference/responses).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/answer.h"
#include "api/chat_request.h"

namespace riposte::api {

struct ResponsesRequest {
  ChatRequest chat;          // "instructions" and "input" as messages
  std::string instructions;  // as given, for the answer
  boost::json::object metadata;
  boost::json::object format = {{"type", "text"}};  // "text.format", for the answer
  bool include_logprobs = false;
  boost::json::array tools;  // as given, for the answer
  boost::json::value tool_choice = "auto";
};

// Text and calls of functions, in and out; tools of other types than "function" are refused. Refused by name,
// since nothing is kept between requests: previous_response_id, conversation, background, prompt. Errors: 400
// with the field's name.
ApiResult<ResponsesRequest> parse_responses_request(std::string_view body, uint64_t random_seed);

// A ReadGeneration.
ApiResult<Generation> read_responses(std::string_view body, const ServedModel& model,
                                     const RequestContext& context);

}  // namespace riposte::api
