#include "chat/json.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cmath>

#include "chat/unicode.h"

namespace riposte::chat {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 9> kRoles = {
    "system", "user", "assistant", "tool", "developer", "function", "ipython", "model", "environment"};

Value foreign_string(Context& context, std::string_view bytes) {
  return make_string(context, Text::foreign(bytes));
}

Value from_object(Context& context, const json::object& object, bool is_message) {
  std::span<Entry> entries = context.arena.array<Entry>(object.size());
  size_t i = 0;
  for (const auto& [key, member] : object) {
    entries[i].first = foreign_string(context, {key.data(), key.size()});
    entries[i].second = from_json(context, member);
    if (is_message && key == "role" && member.is_string()) {
      const json::string& role = member.get_string();
      const std::string_view bytes(role.data(), role.size());
      if (std::find(kRoles.begin(), kRoles.end(), bytes) != kRoles.end()) {
        entries[i].second = make_string(context, Text::own(bytes));
      }
    }
    ++i;
  }
  return Value::dict(context.arena, entries);
}

}  // namespace

Value from_json(Context& context, const json::value& value) {
  context.charge();
  switch (value.kind()) {
    case json::kind::null:
      return Value::none();
    case json::kind::bool_:
      return Value::boolean(value.get_bool());
    case json::kind::int64:
      return Value::integer(value.get_int64());
    case json::kind::uint64:
      if (value.get_uint64() <= static_cast<uint64_t>(INT64_MAX)) {
        return Value::integer(static_cast<int64_t>(value.get_uint64()));
      }
      return Value::big_integer(value.get_uint64());
    case json::kind::double_:
      return Value::real(value.get_double());
    case json::kind::string:
      return foreign_string(context, {value.get_string().data(), value.get_string().size()});
    case json::kind::array:
      return from_json(context, value.get_array());
    case json::kind::object: {
      const DepthGuard guard(context);
      return from_object(context, value.get_object(), false);
    }
  }
  return Value::none();
}

Value from_json(Context& context, const json::array& array) {
  const DepthGuard guard(context);
  std::span<Value> items = context.arena.array<Value>(array.size());
  std::transform(array.begin(), array.end(), items.begin(),
                 [&](const json::value& item) { return from_json(context, item); });
  return Value::list(context.arena, items);
}

Value from_messages(Context& context, const json::array& messages) {
  std::span<Value> items = context.arena.array<Value>(messages.size());
  std::transform(messages.begin(), messages.end(), items.begin(), [&](const json::value& message) {
    return message.is_object() ? from_object(context, message.get_object(), true)
                               : from_json(context, message);
  });
  return Value::list(context.arena, items);
}

namespace {

class Writer {
 public:
  Writer(Context& context, const JsonStyle& style) : context_(context), style_(style) {}

  void write(const Value& value, size_t level) {
    context_.charge();
    switch (value.kind()) {
      case Kind::kString:
        quote(value.bytes());
        break;
      case Kind::kList:
      case Kind::kTuple:
        write_list(value.items(), level);
        break;
      case Kind::kDict:
        write_object(value.entries(), level);
        break;
      case Kind::kNone:
      case Kind::kBool:
      case Kind::kInt:
      case Kind::kBigInt:
      case Kind::kFloat:
        out_ += scalar(value);
        break;
      default:
        raise_invalid("tojson cannot write a value of type {}", type_name(value));
    }
    check_size();
  }

  std::string_view text() const { return out_; }

 private:
  void check_size(size_t more = 0) {
    if (out_.size() + more > context_.limits.max_output_bytes) {
      raise(ErrorCode::kTooLarge, "writes more than {} bytes of JSON", context_.limits.max_output_bytes);
    }
  }

  void new_line(size_t level) {
    if (!style_.indent) return;
    out_ += '\n';
    for (size_t i = 0; i < level; ++i) {
      out_ += *style_.indent;
      check_size();
    }
  }

  void write_list(std::span<const Value> items, size_t level) {
    const DepthGuard guard(context_);
    if (items.empty()) {
      out_ += "[]";
      return;
    }
    out_ += '[';
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_ += style_.item_separator;
      new_line(level + 1);
      write(items[i], level + 1);
    }
    new_line(level);
    out_ += ']';
  }

  void write_object(std::span<const Entry> entries, size_t level) {
    const DepthGuard guard(context_);
    if (entries.empty()) {
      out_ += "{}";
      return;
    }
    std::vector<const Entry*> order;
    for (const Entry& entry : entries) order.push_back(&entry);
    if (style_.sort_keys) {
      context_.charge(8 * entries.size());
      std::stable_sort(order.begin(), order.end(), [&](const Entry* a, const Entry* b) {
        return compare(context_, a->first, b->first) < 0;
      });
    }
    out_ += '{';
    for (size_t i = 0; i < order.size(); ++i) {
      if (i > 0) out_ += style_.item_separator;
      new_line(level + 1);
      write_key(order[i]->first);
      out_ += style_.key_separator;
      write(order[i]->second, level + 1);
    }
    new_line(level);
    out_ += '}';
  }

  void write_key(const Value& key) {
    if (key.is_string()) return quote(key.bytes());
    if (!key.is_number() && !key.is(Kind::kNone))
      raise_invalid("a {} cannot be a key in JSON", type_name(key));
    quote(scalar(key));
  }

  std::string scalar(const Value& value) {
    if (value.is(Kind::kNone)) return "null";
    if (value.is(Kind::kBool)) return value.as_integer() ? "true" : "false";
    if (value.is(Kind::kInt)) return fmt::format_int(value.as_integer()).str();
    if (value.is(Kind::kBigInt)) return fmt::format_int(value.as_big_integer()).str();
    const double real = value.as_real();
    if (std::isnan(real)) return "NaN";
    if (std::isinf(real)) return real < 0 ? "-Infinity" : "Infinity";
    return format_float(real);
  }

  void quote(std::string_view text) {
    context_.charge_bytes(text.size());
    check_size(text.size());  // before escapes make it larger
    out_ += '"';
    size_t plain = 0;  // where the stretch without anything to escape began
    for (size_t at = 0; at < text.size();) {
      const auto c = static_cast<unsigned char>(text[at]);
      if (c >= 0x20 && c != '"' && c != '\\' && (c < 0x80 || !style_.ascii_only)) {
        ++at;
        continue;
      }
      out_ += text.substr(plain, at - plain);
      const CodePoint point = decode_code_point(text, at);
      escape(point.value);
      at += point.size;
      plain = at;
    }
    out_ += text.substr(plain);
    out_ += '"';
  }

  void escape(char32_t c) {
    constexpr std::string_view kNamed = "\"\\\n\r\t\b\f", kLetters = "\"\\nrtbf";
    const size_t named = c < 0x80 ? kNamed.find(static_cast<char>(c)) : std::string_view::npos;
    if (named != std::string_view::npos) {
      out_ += '\\';
      out_ += kLetters[named];
    } else if (c <= 0xFFFF) {
      out_ += fmt::format("\\u{:04x}", static_cast<uint32_t>(c));
    } else {
      const uint32_t rest = static_cast<uint32_t>(c) - 0x10000;
      out_ += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF));
    }
  }

  Context& context_;
  const JsonStyle& style_;
  std::string out_;
};

}  // namespace

Text to_json(Context& context, const Value& value, const JsonStyle& style) {
  Writer writer(context, style);
  writer.write(value, 0);
  return Text::foreign(context.arena.copy(writer.text()));
}

}  // namespace riposte::chat
