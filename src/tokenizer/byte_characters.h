// GPT-2's writing of bytes: each byte is one printable character, so that a vocabulary is a list of words
// without spaces or controls. Printable bytes of Latin-1 stand for themselves, the others for U+0100 onwards,
// in order.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace riposte::tokenizer {

// The character that stands for each byte.
constexpr std::array<char32_t, 256> make_byte_characters() {
  std::array<char32_t, 256> characters{};
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool printable = (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte != 0xAD);
    characters[byte] = printable ? byte : next++;
  }
  return characters;
}
inline constexpr std::array<char32_t, 256> kByteCharacters = make_byte_characters();

// The bytes that `written` stands for, appended to `out`. A string with a character that stands for no byte
// is an ordinary one (an added token): it is appended as it is.
void append_bytes_of(std::string_view written, std::string& out);

}  // namespace riposte::tokenizer
