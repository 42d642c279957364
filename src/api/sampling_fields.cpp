#include "api/sampling_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

namespace riposte::api {
namespace {

namespace json = boost::json;

constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();

// {"token id": bias}: ids are strings because JSON keys are.
void read_logit_bias(Fields& fields, std::vector<std::pair<TokenId, float>>& out) {
  const json::object* biases = fields.object("logit_bias");
  if (!biases || !fields.ok()) return;
  Fields entries(*biases, fields.path_of("logit_bias"));
  for (const auto& entry : *biases) {
    const std::string_view key(entry.key().data(), entry.key().size());
    TokenId token = 0;
    const auto [end, failed] = std::from_chars(key.data(), key.data() + key.size(), token);
    if (failed != std::errc() || end != key.data() + key.size() || token < 0) {
      return fields.refuse_with(
          bad_request("logit_bias", "'logit_bias' must map token ids to numbers, found the key " +
                                        describe(json::string(entry.key()))));
    }
    float bias = 0.0f;
    entries.number(key, bias, -100.0, 100.0);
    if (!entries.ok()) return fields.refuse_with(entries.complaint());
    out.emplace_back(token, bias);
  }
}

}  // namespace

sampling::SamplingParams default_sampling() {
  return {.temperature = kDefaultTemperature,
          .top_k = kDefaultTopK,
          .top_p = kDefaultTopP,
          .min_p = kDefaultMinP};
}

bool read_sampling(Fields& fields, uint64_t random_seed, sampling::SamplingParams& out) {
  fields.number("temperature", out.temperature, 0.0, 2.0);
  fields.integer("top_k", out.top_k, -1, kMaxInt32);
  out.top_k = std::max(out.top_k, 0);  // other servers write "off" as -1
  fields.number("top_p", out.top_p, 0.0, 1.0);
  fields.number("min_p", out.min_p, 0.0, 1.0);
  fields.number("repetition_penalty", out.repetition_penalty, 0.01, 10.0);
  fields.number("presence_penalty", out.presence_penalty, -2.0, 2.0);
  fields.number("frequency_penalty", out.frequency_penalty, -2.0, 2.0);
  std::optional<uint64_t> seed;
  fields.bits("seed", seed);
  out.seed = seed.value_or(random_seed);
  read_logit_bias(fields, out.logit_bias);
  return seed.has_value() || out.temperature == 0.0f;
}

void read_stop(Fields& fields, std::vector<std::string>& out) {
  const json::value* stop = fields.any("stop");
  if (!stop || !fields.ok()) return;
  const json::array one{*stop};
  const json::array& list = stop->is_array() ? stop->get_array() : one;
  if (list.size() > engine::kMaxStops)
    return fields.refuse("stop", fmt::format("at most {} strings", engine::kMaxStops), *stop);
  for (const json::value& value : list) {
    const json::string* text = value.if_string();
    if (!text || text->empty() || text->size() > engine::kMaxStopBytes) {
      return fields.refuse(
          "stop", fmt::format("a string of 1 to {} bytes, or several", engine::kMaxStopBytes), value);
    }
    out.emplace_back(text->data(), text->size());
  }
}

void read_streaming(Fields& fields, bool& stream, bool& include_usage) {
  fields.boolean("stream", stream);
  const json::object* options = fields.object("stream_options");
  if (!options || !fields.ok()) return;
  if (!stream) {
    return fields.refuse_with(
        bad_request("stream_options", "'stream_options' may be given only if 'stream' is true"));
  }
  Fields inner(*options, "stream_options");
  inner.boolean("include_usage", include_usage);
  if (!inner.ok()) fields.refuse_with(inner.complaint());
}

ApiResult<void> check_sampling(const sampling::SamplingParams& sampling, const ServedModel& model) {
  const size_t vocabulary = model.tokenizer.vocabulary_size();
  for (const auto& [token, bias] : sampling.logit_bias) {
    if (static_cast<size_t>(token) < vocabulary) continue;
    return bad_request(
        "logit_bias", fmt::format("'logit_bias' has the token {}, but the ids of this model end at {}", token,
                                  vocabulary - 1));
  }
  return {};
}

ApiResult<void> check_model(const std::string& name, const ServedModel& model) {
  if (name.empty() || is_called(name, model.name, model.aliases)) return {};
  return tl::unexpected<ApiError>(
      {404, "invalid_request_error",
       fmt::format("there is no model '{}' here; this server serves '{}'", name, model.name), "model",
       "model_not_found"});
}

ApiResult<void> check_chats(const ServedModel& model, std::string param) {
  if (model.chat_template) return {};
  return unsupported(std::move(param),
                     fmt::format("the model '{}' has no chat template: it is a base model, which continues "
                                 "text and cannot follow an instruction",
                                 model.name));
}

ApiResult<int32_t> answer_room(size_t prompt_tokens, std::optional<int32_t> wanted, const ServedModel& model,
                               const std::string& param) {
  const int64_t room = int64_t{model.context_length} - static_cast<int64_t>(prompt_tokens);
  if (room >= 1) return static_cast<int32_t>(std::min<int64_t>(wanted.value_or(kMaxInt32), room));
  return tl::unexpected<ApiError>(
      {400, "invalid_request_error",
       fmt::format("'{}' has {} tokens, which leaves no room for an answer in a context of {}", param,
                   prompt_tokens, model.context_length),
       param, "context_length_exceeded"});
}

void append_choices(const engine::Request& request, int32_t count, std::vector<engine::Request>& out) {
  for (int32_t i = 0; i < count; ++i) {
    out.push_back(request);
    out.back().sampling.seed += static_cast<uint64_t>(i);
  }
}

}  // namespace riposte::api
