#include "chat/unicode.h"

#include <utf8proc.h>

#include <algorithm>

namespace riposte::chat {

CodePoint decode_code_point(std::string_view text, size_t at) {
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + at;
  if (*bytes < 0x80) return {*bytes, 1, true};
  utf8proc_int32_t value = 0;
  const auto size =
      utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(std::min<size_t>(text.size() - at, 4)), &value);
  if (size <= 0) return {*bytes, 1, false};
  return {static_cast<char32_t>(value), static_cast<uint8_t>(size), true};
}

void append_code_point(std::string& text, char32_t value) {
  utf8proc_uint8_t bytes[4];
  const auto size = utf8proc_encode_char(static_cast<utf8proc_int32_t>(value), bytes);
  text.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

size_t count_code_points(std::string_view text) {
  if (is_ascii(text)) return text.size();
  size_t count = 0;
  for (size_t at = 0; at < text.size(); at += decode_code_point(text, at).size) ++count;
  return count;
}

size_t byte_of_code_point(std::string_view text, size_t index) {
  size_t at = 0;
  for (; index > 0 && at < text.size(); --index) at += decode_code_point(text, at).size;
  return at;
}

bool is_space(char32_t c) {
  return (c >= 9 && c <= 13) || (c >= 28 && c <= 32) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

namespace {

bool strips(std::string_view text, size_t at, const CodePoint& point, const std::string_view* set) {
  if (!set) return point.valid && is_space(point.value);
  const std::string_view character = text.substr(at, point.size);
  for (size_t i = 0; i < set->size();) {
    const CodePoint member = decode_code_point(*set, i);
    if (set->substr(i, member.size) == character) return true;
    i += member.size;
  }
  return false;
}

}  // namespace

size_t leading_bytes(std::string_view text, const std::string_view* set) {
  size_t at = 0;
  while (at < text.size()) {
    const CodePoint point = decode_code_point(text, at);
    if (!strips(text, at, point, set)) break;
    at += point.size;
  }
  return at;
}

size_t trailing_bytes(std::string_view text, const std::string_view* set) {
  size_t end = text.size();
  while (end > 0) {
    size_t at = end - 1;  // back over continuation bytes, as far as they form one character
    for (size_t back = 1; back <= 4 && back <= end; ++back) {
      const CodePoint point = decode_code_point(text, end - back);
      if (point.valid && point.size == back) {
        at = end - back;
        break;
      }
    }
    if (!strips(text, at, decode_code_point(text, at), set)) break;
    end = at;
  }
  return text.size() - end;
}

size_t line_break_bytes(std::string_view text, size_t at) {
  const CodePoint point = decode_code_point(text, at);
  if (!point.valid) return 0;
  const char32_t c = point.value;
  if (c == '\r') return at + 1 < text.size() && text[at + 1] == '\n' ? 2 : 1;
  if ((c >= 10 && c <= 12) || (c >= 28 && c <= 30) || c == 0x85 || c == 0x2028 || c == 0x2029)
    return point.size;
  return 0;
}

Letter letter_of(char32_t value) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(value))) {
    case UTF8PROC_CATEGORY_LU:
      return Letter::kUpper;
    case UTF8PROC_CATEGORY_LL:
      return Letter::kLower;
    case UTF8PROC_CATEGORY_LT:
      return Letter::kTitle;
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return Letter::kUncased;
    default:
      return Letter::kNone;
  }
}

bool is_digit(char32_t value) {
  return utf8proc_category(static_cast<utf8proc_int32_t>(value)) == UTF8PROC_CATEGORY_ND;
}

bool is_printable(char32_t value) {
  if (value == ' ') return true;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(value))) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return false;
    default:
      return true;
  }
}

void append_upper(std::string& text, char32_t value) {
  if (value == 0xDF) {
    text += "SS";
  } else {
    append_code_point(text, static_cast<char32_t>(utf8proc_toupper(static_cast<utf8proc_int32_t>(value))));
  }
}

void append_lower(std::string& text, char32_t value) {
  append_code_point(text, static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(value))));
}

void append_title(std::string& text, char32_t value) {
  if (value == 0xDF) {
    text += "Ss";
  } else {
    append_code_point(text, static_cast<char32_t>(utf8proc_totitle(static_cast<utf8proc_int32_t>(value))));
  }
}

}  // namespace riposte::chat
