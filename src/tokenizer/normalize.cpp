#include "tokenizer/normalize.h"

#include <utf8proc.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tokenizer/unicode_classes.h"
#include "tokenizer/utf8.h"

namespace riposte::tokenizer {
namespace {

// No code point below U+0300 composes with, or changes places with, what stands before it; its first byte is
// 0xCC.
constexpr uint8_t kFirstComposingLead = 0xCC;

bool may_change(std::string_view text) {
  const UnicodeClasses& classes = UnicodeClasses::get();
  for (size_t at = 0; at < text.size();) {
    if (static_cast<uint8_t>(text[at]) < kFirstComposingLead) {
      ++at;
      continue;
    }
    const Utf8Character character = read_utf8(text, at);
    if (classes[character.code_point] & kComposing) return true;
    at += character.length;
  }
  return false;
}

uint16_t combining_class(utf8proc_int32_t code_point) {
  return static_cast<uint16_t>(utf8proc_get_property(code_point)->combining_class);
}

// Sorts each run of combining marks by class. utf8proc_decompose does this too, but in time quadratic in the
// length of a run: a megabyte of marks would hold up the server for minutes.
void reorder_marks(std::vector<utf8proc_int32_t>& code_points) {
  const auto is_mark = [](utf8proc_int32_t c) { return combining_class(c) != 0; };
  const auto by_class = [](utf8proc_int32_t a, utf8proc_int32_t b) {
    return combining_class(a) < combining_class(b);
  };
  for (auto run = code_points.begin(); run != code_points.end();) {
    run = std::find_if(run, code_points.end(), is_mark);
    const auto run_end = std::find_if_not(run, code_points.end(), is_mark);
    std::stable_sort(run, run_end, by_class);
    run = run_end;
  }
}

// Composes what has been decomposed so far and appends it to `out`.
void flush(std::vector<utf8proc_int32_t>& decomposed, std::string& out) {
  reorder_marks(decomposed);
  const utf8proc_ssize_t length =
      utf8proc_normalize_utf32(decomposed.data(), static_cast<utf8proc_ssize_t>(decomposed.size()),
                               static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE));
  for (utf8proc_ssize_t i = 0; i < length; ++i) append_utf8(out, static_cast<char32_t>(decomposed[i]));
  decomposed.clear();
}

}  // namespace

std::string_view to_nfc(std::string_view text, std::string& storage) {
  if (!may_change(text)) return text;
  storage.clear();
  storage.reserve(text.size());
  std::vector<utf8proc_int32_t> decomposed;
  decomposed.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Utf8Character character = read_utf8(text, at);
    if (character.valid) {
      utf8proc_int32_t parts[8];  // the longest canonical decomposition has four code points
      int boundary_class = 0;
      const utf8proc_ssize_t count = utf8proc_decompose_char(
          static_cast<utf8proc_int32_t>(character.code_point), parts, std::size(parts),
          static_cast<utf8proc_option_t>(UTF8PROC_COMPOSE | UTF8PROC_STABLE), &boundary_class);
      decomposed.insert(decomposed.end(), parts,
                        parts + std::clamp<utf8proc_ssize_t>(count, 0, std::size(parts)));
    } else {
      flush(decomposed, storage);
      storage.append(text, at, character.length);
    }
    at += character.length;
  }
  flush(decomposed, storage);
  return storage;
}

}  // namespace riposte::tokenizer
