// POST /v1/completions: text that is continued, without messages or a template
// (https://platform.openai.com/docs/api-reference/completions).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer.h"
#include "api/sampling_fields.h"
#include "api/token_input.h"

namespace riposte::api {

struct CompletionRequest {
  std::string model;  // empty: whatever is served
  TokenInputs prompts;
  int32_t choices = 1;      // answers to each prompt
  int32_t max_tokens = 16;  // what OpenAI gives to a request that does not say
  std::vector<std::string> stop;
  bool echo = false;  // the prompt's text before the answer
  bool ignore_end = false;
  sampling::SamplingParams sampling = default_sampling();
  bool repeatable = false;
  bool stream = false;
  bool include_usage = false;
};

// Errors: 400 with the field's name.
ApiResult<CompletionRequest> parse_completion_request(std::string_view body, uint64_t random_seed);

// A ReadGeneration. Errors beside those of parsing: 404 another model, 400 a token beyond the vocabulary, a
// prompt without a token, one that leaves no room.
ApiResult<Generation> read_completion(std::string_view body, const ServedModel& model,
                                      const RequestContext& context);

}  // namespace riposte::api
