#include "constraint/schema_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "constraint/grammar.h"

namespace riposte::constraint {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 6> kTypes = {"object", "array",   "string",
                                                    "number", "integer", "boolean"};

// What decides which values fit.
constexpr std::array<std::string_view, 16> kDeciding = {
    "type",      "properties", "required", "additionalProperties",
    "items",     "minItems",   "maxItems", "minLength",
    "maxLength", "enum",       "const",    "anyOf",
    "allOf",     "$ref",       "$defs",    "definitions"};
// What says something to people and programs, but decides nothing. "format" is among them by the standard.
constexpr std::array<std::string_view, 14> kDescribing = {
    "title",   "description", "default",  "examples", "example",   "format",           "deprecated",
    "$schema", "$id",         "$comment", "readOnly", "writeOnly", "contentMediaType", "contentEncoding"};

bool is_definition(std::string_view keyword) {
  return keyword == "$defs" || keyword == "definitions";
}

template <class List>
bool is_in(const List& list, std::string_view name) {
  return std::ranges::find(list, name) != list.end();
}

std::string_view view(json::string_view text) {
  return {text.data(), text.size()};
}

std::string_view implied_type(const json::object& schema) {
  for (const char* name : {"properties", "required", "additionalProperties"}) {
    if (schema.contains(name)) return "object";
  }
  for (const char* name : {"items", "minItems", "maxItems"}) {
    if (schema.contains(name)) return "array";
  }
  for (const char* name : {"minLength", "maxLength"}) {
    if (schema.contains(name)) return "string";
  }
  return {};
}

}  // namespace

Place Place::inside(std::string_view key, const json::value& inner) const {
  std::string step = path + "/";
  for (const char byte : key) {
    if (byte == '~')
      step += "~0";
    else if (byte == '/')
      step += "~1";
    else
      step += byte;
  }
  return {&inner, std::move(step)};
}

tl::unexpected<Error> refuse(const std::string& path, std::string_view message) {
  return fail(ErrorCode::kInvalidArgument, "{}: {}", path, message);
}

Result<Place> follow_references(Place place, const json::value& document) {
  constexpr int kMostSteps = 64;
  for (int step = 0; step < kMostSteps; ++step) {
    const json::object* schema = place.value->if_object();
    const json::value* reference = schema ? schema->if_contains("$ref") : nullptr;
    if (!reference) return place;
    const std::string path = place.path + "/$ref";
    const json::string* text = reference->if_string();
    if (!text || !text->starts_with('#')) {
      return refuse(path,
                    "must be a string that begins with \"#\": schemas of other documents are not fetched");
    }
    if (const auto alone = check_alone(*schema, place.path, "$ref"); !alone) return pass_on(alone);
    json::error_code failed;
    const json::value* target = document.find_pointer(text->subview(1), failed);
    if (failed || !target) return refuse(path, fmt::format("there is nothing at \"{}\"", view(*text)));
    place = {target, std::string(view(*text))};
  }
  return refuse(place.path + "/$ref", "leads to ever more references");
}

Result<void> check_keywords(const json::object& schema, const std::string& path) {
  for (const auto& member : schema) {
    const std::string_view keyword = view(member.key());
    if (is_in(kDeciding, keyword) || is_in(kDescribing, keyword)) continue;
    return refuse(fmt::format("{}/{}", path, keyword),
                  fmt::format("this keyword is not supported; supported are {}", fmt::join(kDeciding, ", ")));
  }
  return {};
}

Result<void> check_alone(const json::object& schema, const std::string& path, std::string_view keyword,
                         std::string_view allowed) {
  for (const auto& member : schema) {
    const std::string_view other = view(member.key());
    if (other == keyword || other == allowed || is_definition(other) || is_in(kDescribing, other)) continue;
    return refuse(fmt::format("{}/{}", path, other), fmt::format("is not supported beside \"{}\"", keyword));
  }
  return {};
}

Result<int32_t> read_count(const json::object& schema, const std::string& path, std::string_view keyword,
                           int32_t otherwise) {
  const json::value* value = schema.if_contains(keyword);
  if (!value) return otherwise;
  json::error_code failed;
  const auto count = value->to_number<int64_t>(failed);
  if (failed || count < 0)
    return refuse(fmt::format("{}/{}", path, keyword), "must be an integer of 0 or more");
  return static_cast<int32_t>(std::min<int64_t>(count, kNoLimit - 1));
}

Result<const json::array*> read_array(const json::object& schema, const std::string& path,
                                      std::string_view keyword) {
  const json::value* value = schema.if_contains(keyword);
  if (!value) return nullptr;
  if (const json::array* array = value->if_array()) return array;
  return refuse(fmt::format("{}/{}", path, keyword), "must be an array");
}

Result<const json::object*> read_object(const json::object& schema, const std::string& path,
                                        std::string_view keyword) {
  const json::value* value = schema.if_contains(keyword);
  if (!value) return nullptr;
  if (const json::object* object = value->if_object()) return object;
  return refuse(fmt::format("{}/{}", path, keyword), "must be an object");
}

Result<std::vector<std::string_view>> read_types(const json::object& schema, const std::string& path) {
  std::vector<std::string_view> types;
  const json::value* type = schema.if_contains("type");
  if (!type) {
    if (const std::string_view implied = implied_type(schema); !implied.empty()) types.push_back(implied);
    return types;
  }
  const json::array one{*type};
  const json::array& list = type->is_array() ? type->get_array() : one;
  for (const json::value& name : list) {
    const json::string* text = name.if_string();
    const auto known = text ? std::ranges::find(kTypes, view(*text)) : kTypes.end();
    if (known != kTypes.end()) {
      types.push_back(*known);
    } else if (text && *text == "null") {
      types.push_back("null");
    } else {
      return refuse(path + "/type",
                    fmt::format("must be one of {}, null, or several of them", fmt::join(kTypes, ", ")));
    }
  }
  if (types.empty()) return refuse(path + "/type", "must name at least one type");
  return types;
}

bool has_type(const json::value& value, const std::vector<std::string_view>& types) {
  if (types.empty()) return true;
  switch (value.kind()) {
    case json::kind::null:
      return is_in(types, "null");
    case json::kind::bool_:
      return is_in(types, "boolean");
    case json::kind::string:
      return is_in(types, "string");
    case json::kind::array:
      return is_in(types, "array");
    case json::kind::object:
      return is_in(types, "object");
    case json::kind::double_:
      return is_in(types, "number") ||
             (is_in(types, "integer") && std::nearbyint(value.get_double()) == value.get_double());
    default:
      return is_in(types, "number") || is_in(types, "integer");
  }
}

}  // namespace riposte::constraint
