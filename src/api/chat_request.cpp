#include "api/chat_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <limits>
#include <utility>

#include "api/fields.h"
#include "api/json.h"
#include "rewrite/prompt.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

constexpr size_t kMaxStops = 16;
constexpr size_t kMaxStopBytes = 1024;
constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();

void read_sampling(Fields& fields, uint64_t random_seed, sampling::SamplingParams& out) {
  out.temperature = kDefaultTemperature;
  out.top_k = kDefaultTopK;
  out.top_p = kDefaultTopP;
  out.min_p = kDefaultMinP;
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
}

// {"token id": bias}: ids are strings because JSON keys are.
void read_logit_bias(Fields& fields, std::vector<std::pair<TokenId, float>>& out) {
  const json::object* biases = fields.object("logit_bias");
  if (!biases || !fields.ok()) return;
  Fields entries(*biases, "logit_bias");
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

void read_stop(Fields& fields, std::vector<std::string>& out) {
  const json::value* stop = fields.any("stop");
  if (!stop || !fields.ok()) return;
  const json::array one{*stop};
  const json::array& list = stop->is_array() ? stop->get_array() : one;
  if (list.size() > kMaxStops)
    return fields.refuse("stop", fmt::format("at most {} strings", kMaxStops), *stop);
  for (const json::value& value : list) {
    const json::string* text = value.if_string();
    if (!text || text->empty() || text->size() > kMaxStopBytes) {
      return fields.refuse("stop", fmt::format("a string of 1 to {} bytes, or several", kMaxStopBytes),
                           value);
    }
    out.emplace_back(text->data(), text->size());
  }
}

void read_tools(Fields& fields, json::array& out) {
  const json::array* tools = fields.array("tools");
  if (!tools || !fields.ok()) return;
  for (size_t i = 0; i < tools->size(); ++i) {
    if (!(*tools)[i].is_object()) return fields.refuse(fmt::format("tools[{}]", i), "an object", (*tools)[i]);
  }
  const json::value* choice = fields.any("tool_choice");
  if (!choice || *choice == "auto") {
    out = *tools;
  } else if (*choice != "none") {
    fields.refuse_with(unsupported("tool_choice",
                                   "'tool_choice' may be \"auto\" or \"none\": this server cannot force a "
                                   "call, found " +
                                       describe(*choice)));
  }
}

void read_streaming(Fields& fields, ChatRequest& out) {
  fields.boolean("stream", out.stream);
  const json::object* options = fields.object("stream_options");
  if (!options || !fields.ok()) return;
  if (!out.stream) {
    return fields.refuse_with(
        bad_request("stream_options", "'stream_options' may be given only if 'stream' is true"));
  }
  Fields inner(*options, "stream_options");
  inner.boolean("include_usage", out.include_usage);
  if (!inner.ok()) fields.refuse_with(inner.complaint());
}

// What would change the answer, but is not there: to ignore it would be to lie.
void refuse_unsupported(Fields& fields) {
  bool logprobs = false;
  fields.boolean("logprobs", logprobs);
  if (logprobs) fields.refuse_with(unsupported("logprobs", "'logprobs' is not supported by this server"));
  int32_t choices = 1;
  fields.integer("n", choices, 1, 128);
  if (choices > 1) {
    fields.refuse_with(
        unsupported("n", fmt::format("'n' must be 1, found {}: send the request several times", choices)));
  }
  for (const std::string_view name :
       {"top_logprobs", "functions", "function_call", "audio", "web_search_options"}) {
    const json::value* value = fields.any(name);
    if (value && *value != 0) {
      fields.refuse_with(
          unsupported(std::string(name), fmt::format("'{}' is not supported by this server", name)));
    }
  }
  if (const json::object* format = fields.object("response_format")) {
    const json::value* type = format->if_contains("type");
    if (!type || *type != "text") {
      fields.refuse_with(unsupported("response_format",
                                     "'response_format' must be of type \"text\": this server cannot "
                                     "force JSON"));
    }
  }
  if (const json::array* modalities = fields.array("modalities")) {
    if (*modalities != json::array{"text"}) {
      fields.refuse_with(unsupported("modalities", "'modalities' must be [\"text\"]"));
    }
  }
}

}  // namespace

ApiResult<ChatRequest> parse_chat_request(std::string_view body, uint64_t random_seed) {
  const Result<json::value> parsed = parse_json(body);
  if (!parsed) return tl::unexpected<ApiError>(from_error(parsed.error()));
  const json::object* object = parsed->if_object();
  if (!object) return bad_request("", "the body must be a JSON object, found " + describe(*parsed));

  ChatRequest request;
  Fields fields(*object);
  fields.text("model", request.model);
  fields.integer("max_tokens", request.max_tokens, 1, kMaxInt32);
  fields.integer("max_completion_tokens", request.max_tokens, 1, kMaxInt32);
  fields.boolean("ignore_eos", request.ignore_end);
  read_sampling(fields, random_seed, request.sampling);
  read_logit_bias(fields, request.sampling.logit_bias);
  read_stop(fields, request.stop);
  read_tools(fields, request.tools);
  read_streaming(fields, request);
  refuse_unsupported(fields);
  if (const json::object* variables = fields.object("chat_template_kwargs"))
    request.template_variables = *variables;

  const json::array* messages = fields.array("messages");
  if (!fields.ok()) return fields.complaint();
  if (!messages) return bad_request("messages", "'messages' is missing: expected an array of messages");
  ApiResult<ChatMessages> read = read_messages(*messages);
  if (!read) return tl::unexpected<ApiError>(read.error());
  request.messages = std::move(*read);
  return request;
}

ApiResult<engine::Request> to_engine_request(const ChatRequest& chat, const ServedModel& model) {
  if (!chat.model.empty() && chat.model != model.name) {
    return tl::unexpected<ApiError>(
        {404, "invalid_request_error",
         fmt::format("there is no model '{}' here; this server serves '{}'", chat.model, model.name), "model",
         "model_not_found"});
  }
  if (!model.chat_template) {
    return unsupported("messages",
                       fmt::format("the model '{}' has no chat template: it is a base model, which "
                                   "continues text and cannot chat",
                                   model.name));
  }
  const size_t vocabulary = model.tokenizer.vocabulary_size();
  for (const auto& [token, bias] : chat.sampling.logit_bias) {
    if (static_cast<size_t>(token) >= vocabulary) {
      return bad_request("logit_bias",
                         fmt::format("'logit_bias' has the token {}, but the ids of this model end at {}",
                                     token, vocabulary - 1));
    }
  }
  Result<std::vector<TokenId>> prompt =
      rewrite::encode_messages({*model.chat_template, model.tokenizer}, chat.messages.for_template,
                               {chat.tools.empty() ? nullptr : &chat.tools, &chat.template_variables});
  if (!prompt) return tl::unexpected<ApiError>(from_error(prompt.error(), "messages"));
  const int64_t room = int64_t{model.context_length} - static_cast<int64_t>(prompt->size());
  if (room < 1) {
    return tl::unexpected<ApiError>(
        {400, "invalid_request_error",
         fmt::format("the messages have {} tokens, which leaves no room for an answer in a context of {}",
                     prompt->size(), model.context_length),
         "messages", "context_length_exceeded"});
  }
  engine::Request request;
  request.prompt = std::move(*prompt);
  request.source = model.tokenizer.encode(chat.messages.last_user_text);
  request.max_tokens = static_cast<int32_t>(std::min<int64_t>(chat.max_tokens.value_or(kMaxInt32), room));
  request.stop = chat.stop;
  request.ignore_end = chat.ignore_end;
  request.sampling = chat.sampling;
  return request;
}

}  // namespace riposte::api
