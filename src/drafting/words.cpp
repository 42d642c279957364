#include "drafting/words.h"

#include <algorithm>

namespace riposte::drafting {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

WordKind kind_of(char c) {
  return is_letter(c) ? WordKind::kLetters : is_digit(c) ? WordKind::kDigits : WordKind::kMark;
}

WordKind first_kind(std::string_view text) {
  if (text.size() >= 2 && text[0] == '\'' && is_letter(text[1])) return WordKind::kLetters;
  return kind_of(text[0]);
}

}  // namespace

Words::Words(std::span<const TokenId> tokens, const Vocabulary& vocabulary) {
  size_t bytes = 0;
  for (const TokenId token : tokens) bytes += vocabulary.bytes(token).size();
  text_.reserve(bytes);  // views into it stay valid
  words_.reserve(tokens.size());
  WordKind last = WordKind::kMark;
  bool waiting = false;  // the last word is only its spaces so far
  for (size_t i = 0; i < tokens.size(); ++i) {
    const std::string_view raw = vocabulary.bytes(tokens[i]);
    const auto spaces = static_cast<size_t>(std::ranges::find_if_not(raw, is_space) - raw.begin());
    const bool breaks_line = spaces == raw.size() && raw.find('\n') != std::string_view::npos;
    const std::string_view shown = breaks_line ? raw : raw.substr(spaces);
    const WordKind kind = shown.empty() ? WordKind::kMark : first_kind(shown);
    const bool contraction = !shown.empty() && shown[0] == '\'' && kind == WordKind::kLetters;
    const bool begins =
        words_.empty() || breaks_line || spaces > 0 || kind != last || kind == WordKind::kMark || contraction;
    const size_t at = text_.size();
    text_ += shown;
    if (waiting || !begins) {
      Word& word = words_.back();
      word.text = std::string_view(word.text.data(), word.text.size() + shown.size());
      if (waiting) word.kind = kind;
      ++word.tokens;
    } else {
      words_.push_back({.text = std::string_view(text_).substr(at),
                        .first_token = static_cast<int32_t>(i),
                        .tokens = 1,
                        .kind = kind,
                        .spaced = spaces > 0 && !breaks_line});
    }
    if (!shown.empty()) last = kind_of(shown.back());
    waiting = shown.empty() && !raw.empty();
  }
  for (Word& word : words_) word.hash = hash_of(word.text);
}

bool same_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool are_similar(std::string_view a, std::string_view b) {
  const size_t shorter = std::min(a.size(), b.size());
  const size_t longer = std::max(a.size(), b.size());
  if (shorter < 2 || lower(a[0]) != lower(b[0])) return false;
  size_t front = 0;
  while (front < shorter && lower(a[front]) == lower(b[front])) ++front;
  size_t back = 0;
  while (back < shorter - front && lower(a[a.size() - 1 - back]) == lower(b[b.size() - 1 - back])) ++back;
  return 2 * (front + back) >= longer;
}

uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(lower(c))) * 0x100000001b3u;
  return hash;
}

}  // namespace riposte::drafting
