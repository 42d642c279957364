// The fields that say how a token is chosen and where an answer ends: the same names in every OpenAI
// endpoint.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/fields.h"
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

inline constexpr int32_t kMaxChoices = 16;  // answers to one request

// temperature, top_k, top_p, min_p, the penalties, seed and logit_bias. `out` holds the defaults before.
// False if the seed is the random one.
bool read_sampling(Fields& fields, uint64_t random_seed, sampling::SamplingParams& out);
// "stop": a string or several.
void read_stop(Fields& fields, std::vector<std::string>& out);
// "stream" and "stream_options.include_usage".
void read_streaming(Fields& fields, bool& stream, bool& include_usage);

// The defaults above.
sampling::SamplingParams default_sampling();

// What can only be checked beside a model. Errors: 400, a token of logit_bias beyond the vocabulary.
ApiResult<void> check_sampling(const sampling::SamplingParams& sampling, const ServedModel& model);
// Errors: 404 if `name` is neither empty nor the model's.
ApiResult<void> check_model(const std::string& name, const ServedModel& model);
// Errors: 400 if the model has no chat template.
ApiResult<void> check_chats(const ServedModel& model, std::string param);
// Tokens that an answer may have: `wanted`, or all that the context has left. Errors: 400 if nothing is left.
ApiResult<int32_t> answer_room(size_t prompt_tokens, std::optional<int32_t> wanted, const ServedModel& model,
                               const std::string& param);

// The same request `count` times; sampled ones get seeds of their own, the first the seed of the request.
void append_choices(const engine::Request& request, int32_t count, std::vector<engine::Request>& out);

}  // namespace riposte::api
