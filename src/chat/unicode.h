// UTF-8 as Python sees a str: a sequence of code points. A byte that is not valid UTF-8 counts as one
// character of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace riposte::chat {

struct CodePoint {
  char32_t value;  // the byte itself where `valid` is false
  uint8_t size;    // bytes, 1..4
  bool valid;
};

CodePoint decode_code_point(std::string_view text, size_t at);  // at < text.size()
void append_code_point(std::string& text, char32_t value);

bool is_ascii(std::string_view text);
size_t count_code_points(std::string_view text);
// The byte where code point number `index` begins; text.size() for index == count.
size_t byte_of_code_point(std::string_view text, size_t index);

bool is_space(char32_t value);  // str.isspace()
// Bytes of white space (or of the characters of `set`, if it is given) at the two ends.
size_t leading_bytes(std::string_view text, const std::string_view* set);
size_t trailing_bytes(std::string_view text, const std::string_view* set);

// What str.splitlines() takes for the end of a line, in bytes, at this position; 0 where there is none.
size_t line_break_bytes(std::string_view text, size_t at);

enum class Letter { kNone, kUncased, kUpper, kLower, kTitle };
Letter letter_of(char32_t value);
bool is_digit(char32_t value);
bool is_printable(char32_t value);  // str.isprintable(): what repr() shows as it is

// Case mapping of single characters, and the one common expansion: upper case of U+00DF is "SS".
void append_upper(std::string& text, char32_t value);
void append_lower(std::string& text, char32_t value);
void append_title(std::string& text, char32_t value);

}  // namespace riposte::chat
