// str() and repr(), as Python writes them.
#include <charconv>
#include <cmath>

#include "chat/unicode.h"
#include "chat/value.h"

namespace riposte::chat {

std::string format_float(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[64];
  const auto scientific = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view digits(buffer, static_cast<size_t>(scientific.ptr - buffer));
  const size_t e = digits.find('e');
  int exponent = 0;
  std::from_chars(digits.data() + e + (digits[e + 1] == '+' ? 2 : 1), digits.data() + digits.size(),
                  exponent);
  if (exponent < -4 || exponent >= 16)
    return std::string(digits);  // 1e+16, 1.5e-05: the same form in both languages
  char fixed[64];
  const auto end = std::to_chars(fixed, fixed + sizeof fixed, value, std::chars_format::fixed).ptr;
  std::string text(fixed, end);
  if (text.find('.') == std::string::npos) text += ".0";
  return text;
}

namespace {

void check_size(Context& context, size_t size) {
  if (size > context.limits.max_output_bytes) {
    raise(ErrorCode::kTooLarge, "writes more than {} bytes", context.limits.max_output_bytes);
  }
}

// repr() of a string: single quotes, unless only double quotes avoid escapes.
void append_quoted(Context& context, std::string& out, std::string_view text) {
  context.charge_bytes(text.size());
  check_size(context, text.size());  // before escapes make it larger
  const bool use_double =
      text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos;
  const char quote = use_double ? '"' : '\'';
  out += quote;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = decode_code_point(text, at);
    const char32_t c = point.value;
    if (c == static_cast<char32_t>(quote) || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c < 0x20 || c == 0x7F || !point.valid || (c >= 0x80 && c <= 0xA0) || c == 0xAD) {
      out += fmt::format("\\x{:02x}", static_cast<uint32_t>(c));
    } else if (is_printable(c)) {
      out += text.substr(at, point.size);
    } else {
      out += c <= 0xFFFF ? fmt::format("\\u{:04x}", static_cast<uint32_t>(c))
                         : fmt::format("\\U{:08x}", static_cast<uint32_t>(c));
    }
    at += point.size;
  }
  out += quote;
}

void append_scalar(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Kind::kNone:
      out += "None";
      break;
    case Kind::kBool:
      out += value.as_integer() ? "True" : "False";
      break;
    case Kind::kInt:
      out += fmt::format_int(value.as_integer()).c_str();
      break;
    case Kind::kBigInt:
      out += fmt::format_int(value.as_big_integer()).c_str();
      break;
    case Kind::kFloat:
      out += format_float(value.as_real());
      break;
    case Kind::kUndefined:
      out += "Undefined";
      break;
    default:
      raise(ErrorCode::kUnsupported, "a {} cannot be written as text", type_name(value));
  }
}

void append_repr(Context& context, std::string& out, const Value& value) {
  context.charge();
  if (value.is_string()) {
    append_quoted(context, out, value.bytes());
  } else if (value.is_sequence()) {
    const DepthGuard guard(context);
    const bool tuple = value.is(Kind::kTuple);
    out += tuple ? '(' : '[';
    bool first = true;
    for (const Value& item : value.items()) {
      if (!first) out += ", ";
      first = false;
      append_repr(context, out, item);
    }
    if (tuple && value.items().size() == 1) out += ',';
    out += tuple ? ')' : ']';
  } else if (value.is(Kind::kDict)) {
    const DepthGuard guard(context);
    out += '{';
    bool first = true;
    for (const Entry& entry : value.entries()) {
      if (!first) out += ", ";
      first = false;
      append_repr(context, out, entry.first);
      out += ": ";
      append_repr(context, out, entry.second);
    }
    out += '}';
  } else {
    append_scalar(out, value);
  }
  check_size(context, out.size());
}

}  // namespace

void append_text(Context& context, TextBuilder& out, const Value& value) {
  if (value.is_string()) {
    out.append(value.as_text());
  } else if (value.is_undefined()) {
    return;
  } else if (value.is_sequence() || value.is(Kind::kDict)) {
    std::string text;
    append_repr(context, text, value);
    out.append_foreign(text);
  } else {
    std::string text;
    append_scalar(text, value);
    out.append_own(text);
  }
}

Text to_text(Context& context, const Value& value) {
  if (value.is_string()) return value.as_text();
  TextBuilder builder(context);
  append_text(context, builder, value);
  return builder.finish();
}

Text to_repr(Context& context, const Value& value) {
  std::string text;
  append_repr(context, text, value);
  return Text::foreign(context.arena.copy(text));
}

}  // namespace riposte::chat
