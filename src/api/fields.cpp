#include "api/fields.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

namespace riposte::api {
namespace json = boost::json;

Fields::Fields(const json::object& object, std::string path) : object_(object), path_(std::move(path)) {}

std::string Fields::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

const json::value* Fields::any(std::string_view name) const {
  const json::value* value = object_.if_contains({name.data(), name.size()});
  return value && !value->is_null() ? value : nullptr;
}

void Fields::refuse_with(tl::unexpected<ApiError> complaint) {
  if (!complaint_) complaint_ = std::move(complaint).value();
}

void Fields::refuse(std::string_view name, std::string_view must_be, const json::value& found) {
  const std::string path = path_of(name);
  refuse_with(bad_request(path, fmt::format("'{}' must be {}, found {}", path, must_be, describe(found))));
}

void Fields::number(std::string_view name, float& out, double low, double high) {
  const json::value* value = any(name);
  if (!value || !ok()) return;
  json::error_code not_a_number;
  const double number = value->to_number<double>(not_a_number);
  if (not_a_number || !(number >= low && number <= high)) {
    return refuse(name, fmt::format("a number from {} to {}", low, high), *value);
  }
  out = static_cast<float>(number);
}

void Fields::integer(std::string_view name, std::optional<int32_t>& out, int64_t low, int64_t high) {
  const json::value* value = any(name);
  if (!value || !ok()) return;
  // to_number also takes 5.0 for 5, as clients in languages without integers send it.
  json::error_code not_an_integer;
  const int64_t number = value->to_number<int64_t>(not_an_integer);
  if (not_an_integer || number < low || number > high) {
    return refuse(name, fmt::format("a whole number from {} to {}", low, high), *value);
  }
  out = static_cast<int32_t>(number);
}

void Fields::integer(std::string_view name, int32_t& out, int64_t low, int64_t high) {
  std::optional<int32_t> number;
  integer(name, number, low, high);
  if (number) out = *number;
}

void Fields::bits(std::string_view name, std::optional<uint64_t>& out) {
  const json::value* value = any(name);
  if (!value || !ok()) return;
  if (value->is_uint64()) {
    out = value->get_uint64();
  } else if (value->is_int64()) {
    out = static_cast<uint64_t>(value->get_int64());
  } else {
    refuse(name, "an integer of at most 64 bits", *value);
  }
}

void Fields::boolean(std::string_view name, bool& out) {
  const json::value* value = any(name);
  if (!value || !ok()) return;
  if (!value->is_bool()) return refuse(name, "true or false", *value);
  out = value->get_bool();
}

void Fields::text(std::string_view name, std::string& out) {
  const json::value* value = any(name);
  if (!value || !ok()) return;
  if (!value->is_string()) return refuse(name, "a string", *value);
  out.assign(value->get_string().data(), value->get_string().size());
}

const json::array* Fields::array(std::string_view name) {
  const json::value* value = any(name);
  if (value && !value->is_array()) refuse(name, "an array", *value);
  return value ? value->if_array() : nullptr;
}

const json::object* Fields::object(std::string_view name) {
  const json::value* value = any(name);
  if (value && !value->is_object()) refuse(name, "an object", *value);
  return value ? value->if_object() : nullptr;
}

std::string describe(const json::value& value) {
  constexpr size_t kShownBytes = 40;
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return value.get_bool() ? "true" : "false";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "the number " + json::serialize(value);
    case json::kind::string:
      if (value.get_string().size() > kShownBytes) return "a string";
      return "the string " + json::serialize(value);
    case json::kind::array:
      return "an array";
    case json::kind::object:
      break;
  }
  return "an object";
}

}  // namespace riposte::api
