// One UTF-8 character at a time, from bytes that may be anything.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace riposte::tokenizer {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

struct Utf8Character {
  char32_t code_point;  // kReplacementCharacter if the bytes are broken
  uint32_t length;      // in bytes, at least 1
  bool valid;           // false: `length` bytes begin a character but cannot go on (the "maximal subpart" of
                        // Unicode 3.9)
  bool cut_short;       // not valid, and only because the text ends here
};

// The character that begins at byte `at` of `text`; `at` lies inside the text.
inline Utf8Character read_utf8(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[at + i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return {lead, 1, true, false};
  if (lead < 0xC2 || lead > 0xF4) return {kReplacementCharacter, 1, false, false};
  const uint32_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second byte is narrower after some leads: no overlong forms, no surrogates, nothing above U+10FFFF.
  uint8_t low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  uint8_t high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  char32_t code_point = lead & (0x7F >> length);
  for (uint32_t i = 1; i < length; ++i) {
    if (at + i >= text.size()) return {kReplacementCharacter, i, false, true};
    if (byte(i) < low || byte(i) > high) return {kReplacementCharacter, i, false, false};
    code_point = code_point << 6 | (byte(i) & 0x3F);
    low = 0x80;
    high = 0xBF;
  }
  return {code_point, length, true, false};
}

// Appends the UTF-8 form of a code point up to 0x10FFFF.
inline void append_utf8(std::string& out, char32_t code_point) {
  const auto put = [&](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto put_tail = [&](int shift) { put(0x80 | (code_point >> shift & 0x3F)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put_tail(0);
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put_tail(6);
    put_tail(0);
  } else {
    put(0xF0 | code_point >> 18);
    put_tail(12);
    put_tail(6);
    put_tail(0);
  }
}

}  // namespace riposte::tokenizer
