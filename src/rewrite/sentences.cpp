#include "rewrite/sentences.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

namespace riposte::rewrite {
namespace {

constexpr std::string_view kSpaces = " \t\r\n";

// Lower-case, without the last point. Of English and German alike: to take a word of the other language for
// an abbreviation joins two sentences now and then, and does no harm.
constexpr std::string_view kAbbreviations[] = {
    "mr",  "mrs", "ms",  "dr",  "prof", "rev",    "hon",  "st",  "sr",   "jr",   "gen", "col",  "capt",
    "lt",  "sgt", "gov", "sen", "rep",  "no",     "nos",  "vol", "vols", "pp",   "fig", "figs", "ed",
    "eds", "etc", "vs",  "cf",  "al",   "approx", "dept", "est", "inc",  "ltd",  "co",  "corp", "ave",
    "jan", "feb", "mar", "apr", "jun",  "jul",    "aug",  "sep", "sept", "oct",  "nov", "dec",  "hr",
    "fr",  "frl", "bzw", "usw", "usf",  "ca",     "evtl", "ggf", "inkl", "exkl", "vgl", "sog",  "str",
    "nr",  "abs", "abb", "bd",  "hrsg", "tel",    "mio",  "mrd", "geb",  "gest", "dipl"};

struct Character {
  utf8proc_int32_t code = 0;
  size_t bytes = 1;
};

Character character_at(std::string_view text, size_t at) {
  utf8proc_int32_t code = 0;
  const auto read = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                                     static_cast<utf8proc_ssize_t>(text.size() - at), &code);
  return read > 0 ? Character{code, static_cast<size_t>(read)} : Character{0xFFFD, 1};
}

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}
bool is_space(char byte) {
  return kSpaces.find(byte) != std::string_view::npos;
}

bool ends_sentences(utf8proc_int32_t code) {
  return code == '.' || code == '!' || code == '?' || code == 0x2026 || code == 0x203D || code == 0x3002 ||
         code == 0xFF01 || code == 0xFF1F;
}

bool closes(utf8proc_int32_t code) {
  static constexpr std::array<utf8proc_int32_t, 13> kClosing = {
      '"', '\'', ')', ']', '}', 0x2019, 0x201D, 0x201C, 0x2018, 0xBB, 0xAB, 0x203A, 0x2039};
  return std::ranges::find(kClosing, code) != kClosing.end();
}

bool is_small_letter(std::string_view text, size_t at) {
  return utf8proc_category(character_at(text, at).code) == UTF8PROC_CATEGORY_LL;
}

size_t skip_spaces(std::string_view text, size_t at) {
  return std::min(text.find_first_not_of(kSpaces, at), text.size());
}

// "e.g", "U.S", "J": single letters with points between them.
bool is_initials(std::string_view word) {
  for (size_t at = 0; at < word.size();) {
    const Character letter = character_at(word, at);
    const auto category = utf8proc_category(letter.code);
    if (category != UTF8PROC_CATEGORY_LU && category != UTF8PROC_CATEGORY_LL) return false;
    at += letter.bytes;
    if (at < word.size() && word[at++] != '.') return false;
  }
  return !word.empty();
}

// Whether a point behind `word`, the first one of its line or not, is part of it.
bool keeps_point(std::string_view word, bool first_of_line, std::string_view language) {
  if (is_initials(word)) return true;
  if (std::ranges::all_of(word, is_digit)) {
    return !word.empty() && (first_of_line || (language == "de" && word.size() <= 2));
  }
  std::string small(word);
  for (char& byte : small) byte = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte - 'A' + 'a') : byte;
  return std::ranges::find(kAbbreviations, small) != std::end(kAbbreviations);
}

// "- milk", "3) eggs"
bool begins_item(std::string_view line) {
  const Character first = line.empty() ? Character{} : character_at(line, 0);
  size_t end = first.bytes;
  if (!line.empty() && is_digit(line[0])) {
    end = std::min(line.find_first_not_of("0123456789"), line.size());
    if (end == line.size() || (line[end] != '.' && line[end] != ')')) return false;
    ++end;
  } else if (first.code != '-' && first.code != '*' && first.code != 0x2022 && first.code != 0x2013) {
    return false;
  }
  return end < line.size() && is_space(line[end]);
}

// White space from `begin` to `end` that is more than the break of a line that goes on.
bool parts_paragraphs(std::string_view text, size_t begin, size_t end) {
  const auto breaks = std::ranges::count(text.substr(begin, end - begin), '\n');
  return breaks > 1 || (breaks == 1 && begins_item(text.substr(end)));
}

// Behind what ends a sentence at `at`, or `at` if nothing does.
size_t end_of_sentence(std::string_view text, size_t at, size_t begin, std::string_view language) {
  size_t end = at;
  const auto skip = [&](const auto& belongs) {
    while (end < text.size() && belongs(character_at(text, end).code)) end += character_at(text, end).bytes;
  };
  skip(ends_sentences);
  const size_t signs_end = end;
  if (signs_end == at) return at;
  skip(closes);
  if (end < text.size() && !is_space(text[end])) return at;
  const size_t next = skip_spaces(text, end);
  if (next < text.size() && is_small_letter(text, next)) return at;
  const bool is_one_point = signs_end == at + 1 && text[at] == '.';
  if (!is_one_point || next == text.size()) return end;
  const size_t before = text.substr(0, at).find_last_of(" \t\r\n(\"");
  const size_t word = std::max(before == std::string_view::npos ? 0 : before + 1, begin);
  const bool first_of_line = word == begin || text[word - 1] == '\n';
  return keeps_point(text.substr(word, at - word), first_of_line, language) ? at : end;
}

}  // namespace

std::vector<ByteRange> split_sentences(std::string_view text, std::string_view language) {
  std::vector<ByteRange> parts;
  size_t begin = skip_spaces(text, 0);
  for (size_t at = begin; at < text.size();) {
    if (is_space(text[at])) {
      const size_t next = skip_spaces(text, at);
      if (next == text.size() || parts_paragraphs(text, at, next)) {
        parts.push_back({begin, at});
        begin = next;
      }
      at = next;
      continue;
    }
    const size_t end = end_of_sentence(text, at, begin, language);
    if (end > at) {
      parts.push_back({begin, end});
      begin = at = skip_spaces(text, end);
    } else {
      at += character_at(text, at).bytes;
    }
  }
  if (begin < text.size()) parts.push_back({begin, text.size()});
  return parts;
}

void join_parts(std::vector<ByteRange>& parts, size_t most) {
  if (parts.size() <= most) return;
  const size_t together = (parts.size() + most - 1) / most;
  size_t kept = 0;
  for (size_t first = 0; first < parts.size(); first += together) {
    const size_t last = std::min(first + together, parts.size()) - 1;
    parts[kept++] = {parts[first].begin, parts[last].end};
  }
  parts.resize(kept);
}

}  // namespace riposte::rewrite
