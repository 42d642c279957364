#include "rewrite/units.h"

#include <utf8proc.h>

#include <algorithm>

namespace riposte::rewrite {
namespace {

enum class CharacterKind { kWord, kSpace, kJoiner, kSign };

CharacterKind kind_of(utf8proc_int32_t character) {
  switch (character) {
    case '\'':
    case 0x2019:  // the typographic apostrophe
    case '-':
    case '.':
    case ',':
    case ':':
      return CharacterKind::kJoiner;
    case '\t':
    case '\n':
    case '\r':
    case '\v':
    case '\f':
      return CharacterKind::kSpace;
    default:
      break;
  }
  switch (utf8proc_category(character)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
    case UTF8PROC_CATEGORY_PC:  // "_"
      return CharacterKind::kWord;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return CharacterKind::kSpace;
    default:
      return CharacterKind::kSign;
  }
}

struct Character {
  CharacterKind kind = CharacterKind::kSign;
  utf8proc_int32_t code = 0;
  size_t bytes = 0;  // 0: the end of the text
};

Character character_at(std::string_view text, size_t at) {
  if (at >= text.size()) return {};
  utf8proc_int32_t code = 0;
  const auto read = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                                     static_cast<utf8proc_ssize_t>(text.size() - at), &code);
  if (read <= 0) return {CharacterKind::kSign, 0xFFFD, 1};
  return {kind_of(code), code, static_cast<size_t>(read)};
}

bool is_digit(utf8proc_int32_t code) {
  return code >= '0' && code <= '9';
}

// Apostrophes and hyphens join words, points, commas and colons only digits: "3.5", but not "end.Begin".
bool joins(const Character& before, const Character& joiner, const Character& after) {
  if (joiner.kind != CharacterKind::kJoiner || after.kind != CharacterKind::kWord) return false;
  if (joiner.code == '.' || joiner.code == ',' || joiner.code == ':') {
    return is_digit(before.code) && is_digit(after.code);
  }
  return true;
}

size_t end_of_word(std::string_view text, size_t at) {
  Character last = character_at(text, at);
  at += last.bytes;
  for (;;) {
    const Character next = character_at(text, at);
    if (next.bytes > 0 && next.kind == CharacterKind::kWord) {
      last = next;
      at += next.bytes;
      continue;
    }
    const Character behind = character_at(text, at + next.bytes);
    if (next.bytes == 0 || behind.bytes == 0 || !joins(last, next, behind)) return at;
    at += next.bytes;
  }
}

}  // namespace

void split_units(std::string_view text, size_t begin, std::vector<Unit>& out) {
  for (size_t at = begin; at < text.size();) {
    const Character first = character_at(text, at);
    size_t end = at + first.bytes;
    UnitKind kind = UnitKind::kSign;
    if (first.kind == CharacterKind::kWord) {
      kind = UnitKind::kWord;
      end = end_of_word(text, at);
    } else if (first.kind == CharacterKind::kSpace) {
      kind = UnitKind::kSpace;
      for (Character next = character_at(text, end); next.bytes > 0 && next.kind == CharacterKind::kSpace;
           next = character_at(text, end)) {
        end += next.bytes;
      }
    }
    out.push_back({at, end, kind});
    at = end;
  }
}

std::vector<Unit> split_units(std::string_view text) {
  std::vector<Unit> units;
  split_units(text, 0, units);
  return units;
}

size_t count_characters(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; }));
}

}  // namespace riposte::rewrite
