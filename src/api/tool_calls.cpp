#include "api/tool_calls.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "api/json.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

constexpr std::string_view kOpen = "<tool_call>";
constexpr std::string_view kClose = "</tool_call>";
constexpr std::string_view kSpaces = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpaces);
  return begin == std::string_view::npos ? ""
                                         : text.substr(begin, text.find_last_not_of(kSpaces) + 1 - begin);
}

std::string_view arguments_key(ToolFormat format) {
  return format == ToolFormat::kBare ? "parameters" : "arguments";
}

std::optional<ToolCall> read_call(std::string_view text, ToolFormat format) {
  const Result<json::value> parsed = parse_json(trimmed(text));
  const json::object* object = parsed ? parsed->if_object() : nullptr;
  const json::value* name = object ? object->if_contains("name") : nullptr;
  if (!name || !name->is_string() || name->get_string().empty()) return std::nullopt;
  ToolCall call;
  call.name.assign(name->get_string().data(), name->get_string().size());
  const json::value* arguments = object->if_contains(arguments_key(format));
  // Without tags, any object might be meant as an answer: a call has both fields and no others.
  if (format == ToolFormat::kBare && (!arguments || object->size() != 2)) return std::nullopt;
  if (arguments && !arguments->is_object()) return std::nullopt;
  if (arguments) call.arguments = arguments->get_object();
  return call;
}

// Bytes at the end of the text that may be the beginning of a call, with white space before it.
size_t undecided_bytes(std::string_view text) {
  size_t begin = text.size();
  for (size_t length = std::min(kOpen.size() - 1, text.size()); length > 0; --length) {
    if (text.ends_with(kOpen.substr(0, length))) {
      begin = text.size() - length;
      break;
    }
  }
  while (begin > 0 && kSpaces.find(text[begin - 1]) != std::string_view::npos) --begin;
  return text.size() - begin;
}

void append_text(std::string_view text, std::vector<ToolCallReader::Piece>& out) {
  if (!text.empty()) out.emplace_back(std::string(text));
}

}  // namespace

ToolFormat tool_format(std::string_view template_source) {
  constexpr std::string_view kLlama = R"({"name": function name, "parameters":)";
  return template_source.find(kOpen) == std::string_view::npos &&
                 template_source.find(kLlama) != std::string_view::npos
             ? ToolFormat::kBare
             : ToolFormat::kTagged;
}

CallFrame call_frame(ToolFormat format, std::string_view name) {
  CallFrame frame{"{\"name\": " + json_string(name) + ", \"" + std::string(arguments_key(format)) + "\": ",
                  "}"};
  if (format == ToolFormat::kBare) return frame;
  return {std::string(kOpen) + "\n" + frame.before, frame.behind + "\n" + std::string(kClose)};
}

// Nothing is told before it is clear that the answer does not begin as a call would.
std::vector<ToolCallReader::Piece> ToolCallReader::push_bare(std::string_view text) {
  held_ += text;
  const size_t begin = held_.find_first_not_of(kSpaces);
  if (!is_text_ && (begin == std::string::npos || held_[begin] == '{')) return {};
  is_text_ = true;
  std::vector<Piece> pieces;
  append_text(std::exchange(held_, {}), pieces);
  return pieces;
}

std::vector<ToolCallReader::Piece> ToolCallReader::finish_bare() {
  std::vector<Piece> pieces;
  if (auto call = is_text_ ? std::nullopt : read_call(held_, format_)) {
    pieces.emplace_back(std::move(*call));
  } else {
    append_text(held_, pieces);
  }
  held_.clear();
  return pieces;
}

std::vector<ToolCallReader::Piece> ToolCallReader::push(std::string_view text) {
  if (format_ == ToolFormat::kBare) return push_bare(text);
  held_ += text;
  std::vector<Piece> pieces;
  for (;;) {
    if (after_call_) held_.erase(0, std::min(held_.find_first_not_of(kSpaces), held_.size()));
    const size_t open = held_.find(kOpen);
    if (open == std::string::npos) break;
    const size_t close = held_.find(kClose, open);
    if (close == std::string::npos) break;
    const size_t end = close + kClose.size();
    const size_t inside = open + kOpen.size();
    if (auto call = read_call(std::string_view(held_).substr(inside, close - inside), format_)) {
      const std::string_view before = std::string_view(held_).substr(0, open);
      append_text(before.substr(0, before.find_last_not_of(kSpaces) + 1), pieces);
      pieces.emplace_back(std::move(*call));
      after_call_ = true;
    } else {
      append_text(std::string_view(held_).substr(0, end), pieces);
      after_call_ = false;
    }
    held_.erase(0, end);
  }
  const size_t open = held_.find(kOpen);
  size_t certain = open == std::string::npos ? held_.size() - undecided_bytes(held_) : open;
  while (certain > 0 && open != std::string::npos &&
         kSpaces.find(held_[certain - 1]) != std::string_view::npos)
    --certain;
  if (certain > 0) after_call_ = false;
  append_text(std::string_view(held_).substr(0, certain), pieces);
  held_.erase(0, certain);
  return pieces;
}

std::vector<ToolCallReader::Piece> ToolCallReader::finish() {
  if (format_ == ToolFormat::kBare) return finish_bare();
  std::vector<Piece> pieces;
  if (!after_call_ || held_.find_first_not_of(kSpaces) != std::string::npos) append_text(held_, pieces);
  held_.clear();
  return pieces;
}

}  // namespace riposte::api
