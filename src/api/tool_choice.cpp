#include "api/tool_choice.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "api/json.h"
#include "constraint/schema.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

std::string_view text_in(const json::object* object, std::string_view key) {
  const json::value* value = object ? object->if_contains(key) : nullptr;
  const json::string* text = value ? value->if_string() : nullptr;
  return text ? std::string_view(text->data(), text->size()) : std::string_view();
}

const json::object* object_in(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value ? value->if_object() : nullptr;
}

std::string_view name_of(const json::value& tool) {
  return text_in(object_in(tool.get_object(), "function"), "name");
}

}  // namespace

void read_tools(Fields& fields, json::array& out) {
  const json::array* tools = fields.array("tools");
  if (!tools || !fields.ok()) return;
  for (size_t i = 0; i < tools->size(); ++i) {
    if (!(*tools)[i].is_object()) return fields.refuse(fmt::format("tools[{}]", i), "an object", (*tools)[i]);
  }
  out = *tools;
}

void read_tool_choice(Fields& fields, json::array& tools, ToolChoice& out) {
  const json::value* choice = fields.any("tool_choice");
  if (!choice || !fields.ok() || *choice == "auto") return;
  if (*choice == "none") return tools.clear();
  if (*choice == "required") {
    out.must_call = true;
  } else if (const json::object* object = choice->if_object();
             object && text_in(object, "type") == "function") {
    const json::object* function = object_in(*object, "function");
    out = {.must_call = true, .only = std::string(text_in(function ? function : object, "name"))};
    if (std::ranges::none_of(tools, [&](const json::value& tool) { return name_of(tool) == out.only; })) {
      return fields.refuse("tool_choice", "the name of one of the tools", *choice);
    }
  } else {
    return fields.refuse("tool_choice", "\"auto\", \"none\", \"required\" or a function", *choice);
  }
  if (tools.empty()) {
    fields.refuse_with(bad_request("tool_choice", "'tool_choice' asks for a call, but there are no 'tools'"));
  }
}

ApiResult<Constraint> call_constraint(const json::array& tools, const ToolChoice& choice, ToolFormat format,
                                      const AnswerForm* otherwise) {
  std::vector<constraint::Framed> calls;
  for (size_t i = 0; i < tools.size(); ++i) {
    const std::string_view name = name_of(tools[i]);
    const std::string place = fmt::format("tools[{}].function", i);
    if (name.empty()) return bad_request(place + ".name", fmt::format("'{}.name' is missing", place));
    if (!choice.only.empty() && name != choice.only) continue;
    const json::value* parameters =
        tools[i].get_object().at("function").get_object().if_contains("parameters");
    const bool is_given = parameters && !parameters->is_null();
    // Each by itself first: so a complaint says whose it is.
    if (is_given) {
      auto alone = shared_grammar(constraint::compile_schema(*parameters), place + ".parameters");
      if (!alone) return alone;
    }
    CallFrame frame = call_frame(format, name);
    calls.push_back({std::move(frame.before), is_given ? parameters : nullptr, std::move(frame.behind)});
  }
  if (otherwise) calls.push_back({"", otherwise->schema.is_null() ? nullptr : &otherwise->schema, ""});
  return shared_grammar(constraint::compile_alternatives(calls), "tools");
}

}  // namespace riposte::api
