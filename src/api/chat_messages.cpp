#include "api/chat_messages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string_view>
#include <utility>

#include "api/fields.h"
#include "api/json.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 4> kRoles = {"system", "user", "assistant", "tool"};

// A content of parts becomes one string, a line break between two parts, for templates that know strings
// only.
ApiResult<std::string> join_parts(const json::array& parts, const std::string& path) {
  std::string joined;
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string place = fmt::format("{}[{}]", path, i);
    const json::object* part = parts[i].if_object();
    if (!part)
      return bad_request(place, fmt::format("'{}' must be an object, found {}", place, describe(parts[i])));
    Fields fields(*part, place);
    std::string type;
    fields.text("type", type);
    if (fields.ok() && type != "text" && type != "input_text" && type != "output_text") {
      const std::string at = fields.path_of("type");
      if (type.empty()) return bad_request(at, fmt::format("'{}' is missing: expected \"text\"", at));
      return unsupported(
          at, fmt::format("'{}' is \"{}\": this model reads parts of type \"text\" only", at, type));
    }
    if (fields.ok() && !fields.any("text")) {
      return bad_request(fields.path_of("text"), fmt::format("'{}' is missing", fields.path_of("text")));
    }
    std::string text;
    fields.text("text", text);
    if (!fields.ok()) return fields.complaint();
    if (i > 0) joined += '\n';
    joined += text;
  }
  return joined;
}

// Clients send arguments as a string of JSON; templates write them out as JSON, so they need the value
// itself.
ApiResult<json::array> read_tool_calls(const json::array& calls, const std::string& path) {
  json::array read;
  for (size_t i = 0; i < calls.size(); ++i) {
    const std::string place = fmt::format("{}[{}]", path, i);
    json::value call = calls[i];
    json::object* object = call.if_object();
    json::value* function = object ? object->if_contains("function") : nullptr;
    if (!function || !function->is_object()) {
      return bad_request(place + ".function", fmt::format("'{}.function' must be an object", place));
    }
    json::value& arguments = function->get_object()["arguments"];
    if (const json::string* text = arguments.if_string()) {
      Result<json::value> parsed = parse_json({text->data(), text->size()});
      if (!parsed) {
        const std::string at = place + ".function.arguments";
        return bad_request(
            at, fmt::format("'{}' must be a string that holds JSON: {}", at, parsed.error().message));
      }
      arguments = std::move(*parsed);
    }
    read.push_back(std::move(call));
  }
  return read;
}

}  // namespace

ApiResult<std::string> read_content(const json::object& message, Fields& fields, bool may_be_absent) {
  const json::value* content = fields.any("content");
  const std::string path = fields.path_of("content");
  if (!content) {
    if (may_be_absent) return std::string();
    return bad_request(path,
                       fmt::format("'{}' is missing: expected a string or an array of text parts", path));
  }
  if (const json::string* text = content->if_string()) return std::string(text->data(), text->size());
  if (const json::array* parts = content->if_array()) return join_parts(*parts, path);
  fields.refuse("content", "a string or an array of text parts", *content);
  return fields.complaint();
}

json::object message(std::string_view role, std::string_view content) {
  return {{"role", text_of(role)}, {"content", text_of(content)}};
}

ApiResult<ChatMessages> read_messages(const json::array& messages) {
  if (messages.empty()) return bad_request("messages", "'messages' must hold at least one message");
  ChatMessages read;
  for (size_t i = 0; i < messages.size(); ++i) {
    const std::string place = fmt::format("messages[{}]", i);
    const json::object* message = messages[i].if_object();
    if (!message) {
      return bad_request(place,
                         fmt::format("'{}' must be an object, found {}", place, describe(messages[i])));
    }
    Fields fields(*message, place);
    std::string role;
    fields.text("role", role);
    if (role == "developer") role = "system";
    if (fields.ok() && std::find(kRoles.begin(), kRoles.end(), role) == kRoles.end()) {
      const std::string at = fields.path_of("role");
      return bad_request(
          at, role.empty()
                  ? fmt::format("'{}' is missing: expected one of {}", at, fmt::join(kRoles, ", "))
                  : fmt::format("'{}' must be one of {}, found \"{}\"", at, fmt::join(kRoles, ", "), role));
    }
    const json::array* calls = fields.array("tool_calls");
    if (!fields.ok()) return fields.complaint();
    ApiResult<std::string> content = read_content(*message, fields, /*may_be_absent=*/calls != nullptr);
    if (!content) return tl::unexpected<ApiError>(content.error());
    json::object checked = *message;
    checked["role"] = role;
    checked["content"] = *content;
    if (calls) {
      ApiResult<json::array> read_calls = read_tool_calls(*calls, fields.path_of("tool_calls"));
      if (!read_calls) return tl::unexpected<ApiError>(read_calls.error());
      checked["tool_calls"] = std::move(*read_calls);
    }
    if (role == "user") read.last_user_text = std::move(*content);
    read.for_template.push_back(std::move(checked));
  }
  return read;
}

}  // namespace riposte::api
