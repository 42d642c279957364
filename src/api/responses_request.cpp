#include "api/responses_request.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <limits>
#include <utility>

#include "api/chat_rewriting.h"
#include "api/fields.h"
#include "api/json.h"
#include "api/responses_writer.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

constexpr int64_t kMaxInt32 = std::numeric_limits<int32_t>::max();
constexpr std::string_view kWantsLogprobs = "message.output_text.logprobs";

// A call that the model made earlier, as a message of its own.
json::object call_message(std::string_view name, std::string_view arguments, std::string_view id) {
  json::object call{{"id", text_of(id)},
                    {"type", "function"},
                    {"function", {{"name", text_of(name)}, {"arguments", text_of(arguments)}}}};
  json::object said = message("assistant", "");
  said["tool_calls"] = json::array{std::move(call)};
  return said;
}

ApiResult<json::object> read_call(const json::object& item, const std::string& place) {
  Fields fields(item, place);
  std::string name, arguments, id;
  fields.text("name", name);
  fields.text("arguments", arguments);
  fields.text("call_id", id);
  if (!fields.ok()) return fields.complaint();
  const std::string at = fields.path_of("arguments");
  if (!parse_json(arguments))
    return bad_request(at, fmt::format("'{}' must be a string that holds JSON", at));
  return call_message(name, arguments, id);
}

ApiResult<json::object> read_call_output(const json::object& item, const std::string& place) {
  Fields fields(item, place);
  std::string output, id;
  fields.text("output", output);
  fields.text("call_id", id);
  if (!fields.ok()) return fields.complaint();
  json::object told = message("tool", output);
  told["tool_call_id"] = text_of(id);
  return told;
}

// {"type": "function", "name", ...} as templates know it: {"type": "function", "function": {"name", ...}}
void read_tools(Fields& fields, ResponsesRequest& out) {
  const json::array* tools = fields.array("tools");
  if (!tools || !fields.ok()) return;
  out.tools = *tools;
  for (size_t i = 0; i < tools->size(); ++i) {
    const std::string place = fmt::format("tools[{}]", i);
    const json::object* tool = (*tools)[i].if_object();
    if (!tool) return fields.refuse(place, "an object", (*tools)[i]);
    const json::value* type = tool->if_contains("type");
    if (!type || *type != "function") {
      return fields.refuse_with(unsupported(
          place + ".type",
          fmt::format("'{}.type' must be \"function\": this server has no tools of its own", place)));
    }
    json::object function = *tool;
    function.erase("type");
    function.erase("strict");
    out.chat.tools.push_back(json::object{{"type", "function"}, {"function", std::move(function)}});
  }
}

// One item of "input" as a message. Items without a type are messages.
ApiResult<json::object> read_item(const json::value& item, const std::string& place) {
  const json::object* object = item.if_object();
  if (!object)
    return bad_request(place, fmt::format("'{}' must be an object, found {}", place, describe(item)));
  Fields fields(*object, place);
  std::string type = "message", role;
  fields.text("type", type);
  fields.text("role", role);
  if (!fields.ok()) return fields.complaint();
  if (type == "function_call") return read_call(*object, place);
  if (type == "function_call_output") return read_call_output(*object, place);
  if (type != "message") {
    const std::string at = fields.path_of("type");
    return unsupported(at, fmt::format("'{}' is \"{}\": this server reads items of type \"message\", "
                                       "\"function_call\" and \"function_call_output\"",
                                       at, type));
  }
  static constexpr std::array<std::string_view, 4> kRoles = {"system", "developer", "user", "assistant"};
  if (std::ranges::find(kRoles, role) == kRoles.end()) {
    const std::string at = fields.path_of("role");
    return bad_request(
        at, fmt::format("'{}' must be one of {}, found \"{}\"", at, fmt::join(kRoles, ", "), role));
  }
  const ApiResult<std::string> content = read_content(*object, fields);
  if (!content) return tl::unexpected(content.error());
  return message(role, *content);
}

ApiResult<ChatMessages> read_input(const json::value& input, const std::string& instructions) {
  json::array messages;
  if (!instructions.empty()) messages.push_back(message("system", instructions));
  if (const json::string* text = input.if_string()) {
    messages.push_back(message("user", *text));
  } else if (const json::array* items = input.if_array(); items && !items->empty()) {
    for (size_t i = 0; i < items->size(); ++i) {
      ApiResult<json::object> read = read_item((*items)[i], fmt::format("input[{}]", i));
      if (!read) return tl::unexpected(read.error());
      messages.push_back(std::move(*read));
    }
  } else {
    return bad_request("input", "'input' must be a string or an array of items, found " +
                                    (input.is_array() ? std::string("an empty one") : describe(input)));
  }
  return read_messages(messages);
}

void read_logprobs(Fields& fields, ResponsesRequest& out) {
  int32_t top = 0;
  fields.integer("top_logprobs", top, 0, sampling::kMaxTopLogprobs);
  const json::array* include = fields.array("include");
  if (!include) return;
  for (const json::value& value : *include)
    out.include_logprobs |= value == json::string_view(kWantsLogprobs);
  if (out.include_logprobs) out.chat.sampling.top_logprobs = top;
}

// What would change the answer, but is not there.
void refuse_unsupported(Fields& fields) {
  for (const std::string_view name : {"previous_response_id", "conversation", "prompt"}) {
    if (!fields.any(name)) continue;
    fields.refuse_with(
        unsupported(std::string(name),
                    fmt::format("'{}' is not supported: this server keeps nothing between requests", name)));
  }
  bool background = false;
  fields.boolean("background", background);
  if (background)
    fields.refuse_with(unsupported("background", "'background' is not supported by this server"));
}

}  // namespace

ApiResult<ResponsesRequest> parse_responses_request(std::string_view body, uint64_t random_seed) {
  const Result<json::value> parsed = parse_json(body);
  if (!parsed) return tl::unexpected<ApiError>(from_error(parsed.error()));
  const json::object* object = parsed->if_object();
  if (!object) return bad_request("", "the body must be a JSON object, found " + describe(*parsed));

  ResponsesRequest request;
  ChatRequest& chat = request.chat;
  Fields fields(*object);
  fields.text("model", chat.model);
  fields.text("instructions", request.instructions);
  fields.integer("max_output_tokens", chat.max_tokens, 0, kMaxInt32);
  fields.boolean("stream", chat.stream);
  chat.repeatable = read_sampling(fields, random_seed, chat.sampling);
  chat.names_temperature = fields.any("temperature") != nullptr;
  read_logprobs(fields, request);
  read_text_format(fields, chat.form);
  if (chat.form) request.format = object->at("text").at("format").as_object();
  refuse_unsupported(fields);
  read_tools(fields, request);
  read_tool_choice(fields, chat.tools, chat.tool_choice);
  if (const json::value* choice = fields.any("tool_choice")) request.tool_choice = *choice;
  if (const json::object* metadata = fields.object("metadata")) request.metadata = *metadata;
  const json::value* input = fields.any("input");
  if (!fields.ok()) return fields.complaint();
  if (!input) return bad_request("input", "'input' is missing: expected a string or an array of items");
  ApiResult<ChatMessages> messages = read_input(*input, request.instructions);
  if (!messages) return tl::unexpected(messages.error());
  chat.messages = std::move(*messages);
  return request;
}

ApiResult<Generation> read_responses(std::string_view body, const ServedModel& model,
                                     const RequestContext& context) {
  ApiResult<ResponsesRequest> read = parse_responses_request(body, context.random_seed);
  if (!read) return tl::unexpected(read.error());
  settle_sampling(read->chat, model);
  Generation generation;
  generation.stream = read->chat.stream;
  generation.repeatable = read->chat.repeatable;
  std::optional<ToolFormat> call_format;
  if (!read->chat.tools.empty()) call_format = tool_format(model.details.template_source);
  ResponsesSettings settings{.instructions = std::move(read->instructions),
                             .max_output_tokens = read->chat.max_tokens,
                             .temperature = read->chat.sampling.temperature,
                             .top_p = read->chat.sampling.top_p,
                             .top_logprobs = std::max(read->chat.sampling.top_logprobs, 0),
                             .logprobs = read->include_logprobs,
                             .format = std::move(read->format),
                             .tools = std::move(read->tools),
                             .tool_choice = std::move(read->tool_choice),
                             .call_format = call_format,
                             .metadata = std::move(read->metadata)};
  generation.writer = std::make_unique<ResponsesWriter>(context, model, std::move(settings));
  if (auto added = add_requests(read->chat, model, "input", generation); !added) return tl::unexpected(added.error());
  return generation;
}

}  // namespace riposte::api
