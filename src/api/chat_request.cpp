#include "api/chat_request.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <functional>
#include <limits>
#include <utility>

#include "api/chat_rewriting.h"
#include "api/chat_writer.h"
#include "api/fields.h"
#include "api/json.h"
#include "api/sampling_fields.h"
#include "rewrite/prompt.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();

// Of chats with a language model, few ask for a rewriting of their last message; those that do show it with
// their first words.
constexpr float kRewritingChance = 0.3f;

// Users are told apart by a hash, which is never stored or sent.
uint64_t owner_of(std::string_view user) {
  return user.empty() ? 0 : std::hash<std::string_view>()(user);
}

// "logprobs" says whether, "top_logprobs" how many alternatives beside the chosen token.
void read_logprobs(Fields& fields, sampling::SamplingParams& out) {
  bool wanted = false;
  int32_t top = 0;
  fields.boolean("logprobs", wanted);
  fields.integer("top_logprobs", top, 0, sampling::kMaxTopLogprobs);
  if (wanted) {
    out.top_logprobs = top;
  } else if (top > 0) {
    fields.refuse_with(bad_request("top_logprobs", "'top_logprobs' may be given only if 'logprobs' is true"));
  }
}

// {"type": "content", "content": a string or text parts}
void read_prediction(Fields& fields, std::string& out) {
  const json::object* prediction = fields.object("prediction");
  if (!prediction || !fields.ok()) return;
  Fields inner(*prediction, fields.path_of("prediction"));
  std::string type;
  inner.text("type", type);
  if (!inner.ok()) return fields.refuse_with(inner.complaint());
  if (type != "content") {
    const std::string path = inner.path_of("type");
    return fields.refuse_with(bad_request(path, fmt::format("'{}' must be \"content\"", path)));
  }
  ApiResult<std::string> content = read_content(*prediction, inner);
  if (!content) return fields.refuse_with(tl::unexpected<ApiError>(content.error()));
  out = std::move(*content);
}

// Chats with the same system message are about the same.
uint64_t task_of(const ChatMessages& messages) {
  const json::object& first = messages.for_template.front().as_object();
  if (first.at("role") != "system") return 0;
  const json::string& instruction = first.at("content").as_string();
  return rewrite::task_of({instruction.data(), instruction.size()});
}

// What would change the answer, but is not there: to ignore it would be to lie.
void refuse_unsupported(Fields& fields) {
  for (const std::string_view name : {"functions", "function_call", "audio", "web_search_options"}) {
    const json::value* value = fields.any(name);
    if (value && *value != 0) {
      fields.refuse_with(
          unsupported(std::string(name), fmt::format("'{}' is not supported by this server", name)));
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
  fields.integer("max_tokens", request.max_tokens, 0, kMaxInt32);
  fields.integer("max_completion_tokens", request.max_tokens, 0, kMaxInt32);
  fields.integer("n", request.choices, 1, kMaxChoices);
  fields.boolean("ignore_eos", request.ignore_end);
  request.repeatable = read_sampling(fields, random_seed, request.sampling);
  request.names_temperature = fields.any("temperature") != nullptr;
  read_logprobs(fields, request.sampling);
  read_stop(fields, request.stop);
  read_tools(fields, request.tools);
  read_tool_choice(fields, request.tools, request.tool_choice);
  read_streaming(fields, request.stream, request.include_usage);
  read_prediction(fields, request.prediction);
  read_response_format(fields, request.form);
  fields.text("user", request.user);
  fields.boolean("draft_history", request.draft_history);
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

namespace {

Result<std::vector<TokenId>> encode_chat(const ChatRequest& chat, const ServedModel& model) {
  if (!model.prompt.empty()) {
    if (chat.messages.last_user_text.empty())
      return fail(ErrorCode::kInvalidArgument, "'{}' answers what a user says, but no message is a user's", model.name);
    return rewrite::encode_prompt(model.tokenizer, model.prompt, chat.messages.last_user_text);
  }
  return rewrite::encode_messages({*model.chat_template, model.tokenizer}, chat.messages.for_template,
                                  {chat.tools.empty() ? nullptr : &chat.tools, &chat.template_variables});
}

}  // namespace

ApiResult<engine::Request> to_engine_request(const ChatRequest& chat, const ServedModel& model,
                                             const std::string& param) {
  if (const auto found = check_model(chat.model, model); !found) return tl::unexpected(found.error());
  if (const auto chats = check_chats(model, param); !chats) return tl::unexpected(chats.error());
  if (const auto fits = check_sampling(chat.sampling, model); !fits) return tl::unexpected(fits.error());
  Result<std::vector<TokenId>> prompt = encode_chat(chat, model);
  if (!prompt) return tl::unexpected<ApiError>(from_error(prompt.error(), param));
  const auto max_tokens = answer_room(prompt->size(), chat.max_tokens, model, param);
  if (!max_tokens) return tl::unexpected(max_tokens.error());
  engine::Request request;
  request.prompt = std::move(*prompt);
  request.source = rewrite::encode_source(model.tokenizer, chat.messages.last_user_text);
  request.rewriting_chance = kRewritingChance;
  request.owner = owner_of(chat.user);
  request.use_history = chat.draft_history;
  request.prediction = model.tokenizer.encode(chat.prediction);
  request.task = task_of(chat.messages);
  request.max_tokens = *max_tokens;
  request.stop = chat.stop;
  request.ignore_end = chat.ignore_end;
  request.sampling = chat.sampling;
  request.constraint = chat.form.grammar;
  const bool may_call = !chat.tools.empty() && chat.form;
  if (chat.tool_choice.must_call || may_call) {
    const AnswerForm* otherwise = chat.tool_choice.must_call ? nullptr : &chat.form;
    auto call = call_constraint(chat.tools, chat.tool_choice, tool_format(model.details.template_source), otherwise);
    if (!call) return tl::unexpected(call.error());
    request.constraint = std::move(*call);
  }
  return request;
}

ApiResult<Generation> read_chat(std::string_view body, const ServedModel& model,
                                const RequestContext& context) {
  ApiResult<ChatRequest> chat = parse_chat_request(body, context.random_seed);
  if (!chat) return tl::unexpected(chat.error());
  settle_sampling(*chat, model);
  Generation generation;
  generation.stream = chat->stream;
  generation.repeatable = chat->repeatable;
  generation.writer = std::make_unique<ChatWriter>(
      answer_head("chatcmpl-", context, model), model.tokenizer,
      ChatWriterOptions{.choices = chat->choices,
                        .logprobs = chat->sampling.top_logprobs >= 0,
                        .tools = !chat->tools.empty(),
                        .tool_format = tool_format(model.details.template_source),
                        .include_usage = chat->include_usage});
  if (auto added = add_requests(*chat, model, "messages", generation); !added) return tl::unexpected(added.error());
  return generation;
}

}  // namespace riposte::api
