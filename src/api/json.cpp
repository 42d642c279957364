#include "api/json.h"

#include <boost/json/array.hpp>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/object.hpp>
#include <boost/json/string.hpp>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace riposte::api {
namespace {

namespace json = boost::json;

// Receives the events of json::basic_parser and builds the value. The library's own builder keeps the last of
// two equal keys and lets 1e999 become infinity; this one refuses both, and says so in `complaint`.
class Builder {
 public:
  static constexpr size_t max_object_size = SIZE_MAX;
  static constexpr size_t max_array_size = SIZE_MAX;
  static constexpr size_t max_key_size = SIZE_MAX;
  static constexpr size_t max_string_size = SIZE_MAX;

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(size_t count, json::error_code& failed) {
    json::object object;
    object.reserve(count);
    const size_t first_key = keys_.size() - count;
    const size_t first_value = values_.size() - count;
    for (size_t i = 0; i < count; ++i) {
      if (!object.emplace(keys_[first_key + i], std::move(values_[first_value + i])).second) {
        complaint = "the key \"" + keys_[first_key + i] + "\" is there twice in one object";
        failed = json::error::syntax;
        return false;
      }
    }
    keys_.resize(first_key);
    values_.resize(first_value);
    values_.emplace_back(std::move(object));
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(size_t count, json::error_code&) {
    json::array array;
    array.reserve(count);
    const size_t first = values_.size() - count;
    for (size_t i = 0; i < count; ++i) array.push_back(std::move(values_[first + i]));
    values_.resize(first);
    values_.emplace_back(std::move(array));
    return true;
  }
  bool on_key_part(json::string_view part, size_t, json::error_code&) { return append(part); }
  bool on_key(json::string_view part, size_t, json::error_code&) {
    append(part);
    keys_.push_back(std::exchange(text_, {}));
    return true;
  }
  bool on_string_part(json::string_view part, size_t, json::error_code&) { return append(part); }
  bool on_string(json::string_view part, size_t, json::error_code&) {
    append(part);
    values_.emplace_back(json::string(text_));
    text_.clear();
    return true;
  }
  bool on_number_part(json::string_view, json::error_code&) { return true; }
  bool on_int64(int64_t number, json::string_view, json::error_code&) { return add(number); }
  bool on_uint64(uint64_t number, json::string_view, json::error_code&) { return add(number); }
  bool on_double(double number, json::string_view, json::error_code& failed) {
    if (std::isfinite(number)) return add(number);
    complaint = "a number is beyond the range of a double";
    failed = json::error::not_number;
    return false;
  }
  bool on_bool(bool value, json::error_code&) { return add(value); }
  bool on_null(json::error_code&) { return add(nullptr); }
  bool on_comment_part(json::string_view, json::error_code&) { return true; }
  bool on_comment(json::string_view, json::error_code&) { return true; }

  json::value take() { return std::move(values_.back()); }

  std::string complaint;

 private:
  bool append(json::string_view part) {
    text_.append(part.data(), part.size());
    return true;
  }
  template <class T>
  bool add(T value) {
    values_.emplace_back(value);
    return true;
  }

  std::vector<json::value> values_;  // finished values whose array or object is still open
  std::vector<std::string> keys_;    // their keys, if they stand in objects
  std::string text_;                 // the string or key that is being read
};

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  json::basic_parser<Builder> parser(options);
  json::error_code failed;
  const size_t read = parser.write_some(/*more=*/false, text.data(), text.size(), failed);
  if (!failed && read < text.size()) failed = json::error::extra_data;
  if (failed) {
    const std::string& complaint = parser.handler().complaint;
    return fail(ErrorCode::kInvalidArgument, "the body is not acceptable JSON at byte {}: {}", read,
                complaint.empty() ? failed.message() : complaint);
  }
  return parser.handler().take();
}

void append_quoted(std::string_view text, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  size_t plain = 0;  // the first byte that is not written yet
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (byte) {
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\r':
        out += "\\r";
        break;
      case '"':
      case '\\':
        out += '\\';
        out += static_cast<char>(byte);
        break;
      default:
        out += "\\u00";
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
  }
  out.append(text, plain, text.size() - plain);
  out += '"';
}

std::string json_string(std::string_view text) {
  std::string out;
  append_quoted(text, out);
  return out;
}

boost::json::string text_of(std::string_view text) {
  return boost::json::string(text.data(), text.size());
}

}  // namespace riposte::api
