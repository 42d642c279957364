// Characters of a JSON string, byte by byte.
#pragma once

#include <array>
#include <cstdint>

#include "constraint/grammar.h"

namespace riposte::constraint {

// What a byte can begin inside a JSON string.
inline constexpr int8_t kPlainByte = -1;    // a whole character
inline constexpr int8_t kNoCharacter = -2;  // none: a quote, a control character, no first byte of UTF-8

// kPlainByte, kNoCharacter or the TextRule by which the character goes on.
inline constexpr std::array<int8_t, 256> kTextBytes = [] {
  std::array<int8_t, 256> kinds{};
  for (int byte = 0; byte < 256; ++byte) {
    int8_t kind = kNoCharacter;
    if (byte == '\\')
      kind = kEscape;
    else if (byte >= 0x20 && byte < 0x80 && byte != '"')
      kind = kPlainByte;
    else if (byte >= 0xC2 && byte <= 0xDF)
      kind = kOneMore;
    else if (byte == 0xE0)
      kind = kAfterE0;
    else if (byte == 0xED)
      kind = kAfterED;
    else if (byte >= 0xE1 && byte <= 0xEF)
      kind = kTwoMore;
    else if (byte == 0xF0)
      kind = kAfterF0;
    else if (byte >= 0xF1 && byte <= 0xF3)
      kind = kThreeMore;
    else if (byte == 0xF4)
      kind = kAfterF4;
    kinds[static_cast<size_t>(byte)] = kind;
  }
  return kinds;
}();

}  // namespace riposte::constraint
