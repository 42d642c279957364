#include "api/ollama_request.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "api/chat_request.h"
#include "api/chat_rewriting.h"
#include "api/fields.h"
#include "api/json.h"
#include "api/ollama_models.h"
#include "api/ollama_writer.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();

// "options": sampling under Ollama's names.
void read_options(Fields& fields, uint64_t random_seed, ChatRequest& out) {
  static const json::object kNone;
  const json::object* given = fields.object("options");
  Fields options(given ? *given : kNone, "options");
  out.repeatable = read_sampling(options, random_seed, out.sampling);
  out.names_temperature = options.any("temperature") != nullptr;
  options.number("repeat_penalty", out.sampling.repetition_penalty, 0.01, 10.0);
  read_stop(options, out.stop);
  std::optional<int32_t> length;
  options.integer("num_predict", length, -2, kMaxInt32);
  if (length && *length >= 0) out.max_tokens = length;  // -1 and -2: as far as the context goes
  if (!options.ok()) fields.refuse_with(options.complaint());
}

// What would change the answer, but is not there.
void refuse_unsupported(Fields& fields) {
  for (const std::string_view name : {"images", "suffix", "template", "context"}) {
    const json::value* value = fields.any(name);
    const bool empty = !value || (value->is_string() && value->get_string().empty()) ||
                       (value->is_array() && value->get_array().empty());
    if (empty) continue;
    fields.refuse_with(
        unsupported(std::string(name), fmt::format("'{}' is not supported by this server", name)));
  }
}

// What both endpoints have in common; "stream" is true unless it is said to be false.
void read_common(Fields& fields, uint64_t random_seed, ChatRequest& out) {
  out.stream = true;
  fields.text("model", out.model);
  fields.boolean("stream", out.stream);
  read_options(fields, random_seed, out);
  read_ollama_format(fields, out.form);
  refuse_unsupported(fields);
  // true and false, or a level: templates know a switch only.
  if (const json::value* think = fields.any("think")) {
    out.template_variables["enable_thinking"] = *think != false;
  }
}

Generation generation_of(const ChatRequest& chat, std::vector<engine::Request> requests,
                         const ServedModel& model, const RequestContext& context, OllamaAnswer kind) {
  Generation generation;
  generation.requests = std::move(requests);
  generation.stream = chat.stream;
  generation.repeatable = chat.repeatable;
  std::optional<ToolFormat> tools;
  if (!chat.tools.empty()) tools = tool_format(model.details.template_source);
  generation.writer = std::make_unique<OllamaWriter>(chat.model, context.created, kind, tools);
  return generation;
}

// A prompt as it is, without a template.
ApiResult<engine::Request> raw_request(const ChatRequest& chat, const std::string& prompt,
                                       const ServedModel& model) {
  if (const auto fits = check_sampling(chat.sampling, model); !fits) return tl::unexpected(fits.error());
  engine::Request request;
  if (model.tokenizer.adds_bos() && model.tokenizer.bos() != kNoToken) {
    request.prompt.push_back(model.tokenizer.bos());
  }
  model.tokenizer.encode_into(prompt, request.prompt);
  const auto max_tokens = answer_room(request.prompt.size(), chat.max_tokens, model, "prompt");
  if (!max_tokens) return tl::unexpected(max_tokens.error());
  request.max_tokens = *max_tokens;
  request.stop = chat.stop;
  request.sampling = chat.sampling;
  request.constraint = chat.form.grammar;
  return request;
}

struct Body {
  json::value value;  // an object
  ChatRequest chat;
};

// The body up to what is asked. The name that the client used goes into the answer.
ApiResult<Body> read_body(std::string_view text, const ServedModel& model, const RequestContext& context) {
  Result<json::value> parsed = parse_json(text);
  if (!parsed) return tl::unexpected<ApiError>(from_error(parsed.error()));
  if (!parsed->is_object())
    return bad_request("", "the body must be a JSON object, found " + describe(*parsed));
  Body body;
  body.value = std::move(*parsed);
  Fields fields(body.value.get_object());
  read_common(fields, context.random_seed, body.chat);
  if (!fields.ok()) return fields.complaint();
  if (auto found = check_ollama_model(body.chat.model, model); !found) return tl::unexpected(found.error());
  return body;
}

// Of a chat, through the model's template.
ApiResult<Generation> chat_generation_of(ChatRequest& chat, const ServedModel& model, const RequestContext& context,
                                         OllamaAnswer kind) {
  settle_sampling(chat, model);
  Generation generation = generation_of(chat, {}, model, context, kind);
  chat.model.clear();  // to_engine_request knows the model under its own name only
  if (auto added = add_requests(chat, model, "messages", generation); !added) return tl::unexpected(added.error());
  return generation;
}

}  // namespace

ApiResult<Generation> read_ollama_generate(std::string_view text, const ServedModel& model,
                                           const RequestContext& context) {
  ApiResult<Body> body = read_body(text, model, context);
  if (!body) return tl::unexpected(body.error());
  ChatRequest& chat = body->chat;
  Fields fields(body->value.get_object());
  std::string prompt, system;
  bool raw = false;
  fields.text("prompt", prompt);
  fields.text("system", system);
  fields.boolean("raw", raw);
  if (!fields.ok()) return fields.complaint();
  if (prompt.empty()) return generation_of(chat, {}, model, context, OllamaAnswer::kText);

  if (raw || !model.chat_template) {
    ApiResult<engine::Request> request = raw_request(chat, prompt, model);
    if (!request) return tl::unexpected(request.error());
    return generation_of(chat, {std::move(*request)}, model, context, OllamaAnswer::kText);
  }
  if (!system.empty()) chat.messages.for_template.push_back(message("system", system));
  chat.messages.for_template.push_back(message("user", prompt));
  chat.messages.last_user_text = prompt;
  return chat_generation_of(chat, model, context, OllamaAnswer::kText);
}

ApiResult<Generation> read_ollama_chat(std::string_view text, const ServedModel& model,
                                       const RequestContext& context) {
  ApiResult<Body> body = read_body(text, model, context);
  if (!body) return tl::unexpected(body.error());
  ChatRequest& chat = body->chat;
  Fields fields(body->value.get_object());
  const json::array* messages = fields.array("messages");
  read_tools(fields, chat.tools);
  if (!fields.ok()) return fields.complaint();
  if (!messages || messages->empty()) return generation_of(chat, {}, model, context, OllamaAnswer::kMessage);

  for (size_t i = 0; i < messages->size(); ++i) {
    const json::object* one = (*messages)[i].if_object();
    const json::value* images = one ? one->if_contains("images") : nullptr;
    if (images && images->is_array() && !images->get_array().empty()) {
      const std::string place = fmt::format("messages[{}].images", i);
      return unsupported(place, fmt::format("'{}': this model reads text only", place));
    }
  }
  ApiResult<ChatMessages> read = read_messages(*messages);
  if (!read) return tl::unexpected(read.error());
  chat.messages = std::move(*read);
  return chat_generation_of(chat, model, context, OllamaAnswer::kMessage);
}

}  // namespace riposte::api
