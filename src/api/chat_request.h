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

#include "api/chat_messages.h"
#include "api/error.h"
#include "api/served_model.h"
#include "engine/request.h"
#include "sampling/params.h"

namespace riposte::api {

// What a request gets that says nothing about sampling: what clients of other local servers are used to. At
// temperature 1 over the whole vocabulary, small models stumble too often.
inline constexpr float kDefaultTemperature = 0.8f;
inline constexpr int32_t kDefaultTopK = 40;
inline constexpr float kDefaultTopP = 0.95f;
inline constexpr float kDefaultMinP = 0.05f;

struct ChatRequest {
  std::string model;  // empty: whatever is served
  ChatMessages messages;
  boost::json::array tools;
  boost::json::object template_variables;  // chat_template_kwargs
  std::optional<int32_t> max_tokens;
  std::vector<std::string> stop;
  bool ignore_end = false;
  sampling::SamplingParams sampling;
  bool stream = false;
  bool include_usage = false;  // a last chunk with the token counts, when streaming
};

// Reads a body without regard to any model. `random_seed` is taken where the request names none.
// Errors: 400 with the field's name. README.md says which fields are known, refused and ignored.
ApiResult<ChatRequest> parse_chat_request(std::string_view body, uint64_t random_seed);

// Renders and encodes the request for one model; the last user message becomes Request::source.
// Errors: 404 another model's name, 400 a model without chat template, a message that the template refuses, a
// prompt that leaves no room in the context, a logit_bias beyond the vocabulary.
ApiResult<engine::Request> to_engine_request(const ChatRequest& chat, const ServedModel& model);

}  // namespace riposte::api
