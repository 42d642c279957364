#include "tokenizer/pre_tokenizer.h"

#include <fmt/ranges.h>

#include <array>
#include <cstdint>
#include <vector>

#include "tokenizer/utf8.h"

namespace riposte::tokenizer {
namespace {

using Pattern = PreTokenizerKind::Pattern;

struct NamedKind {
  std::string_view name;
  PreTokenizerKind kind;
};

// Names share a line where the model's own tokeniser has the same pattern, normalisation and whole-word rule.
constexpr PreTokenizerKind kGpt2{.pattern = Pattern::kGpt2};
constexpr PreTokenizerKind kSmolLm{.pattern = Pattern::kSmolLm};
constexpr PreTokenizerKind kQwen2{.pattern = Pattern::kQwen2, .normalizes = true};
constexpr PreTokenizerKind kLlama3{.pattern = Pattern::kLlama3, .whole_words = true, .adds_bos = true};
constexpr std::array kKinds{
    NamedKind{"gpt-2", kGpt2},
    NamedKind{"phi-2", kGpt2},
    NamedKind{"smollm", kSmolLm},
    NamedKind{"starcoder", kSmolLm},
    NamedKind{"refact", kSmolLm},
    NamedKind{"qwen2", kQwen2},
    NamedKind{"deepseek-r1-qwen", kQwen2},
    NamedKind{"llama-bpe", kLlama3},
    NamedKind{"llama3", kLlama3},
    NamedKind{"llama-v3", kLlama3},
};

// Reads a text character by character with the class of each; at the end of the text there is a character of
// no class and no length.
class Scanner {
 public:
  Scanner(const UnicodeClasses& classes, std::string_view text, size_t at) : classes_(&classes), text_(text) {
    move_to(at);
  }

  size_t at() const { return at_; }
  size_t next() const { return at_ + length_; }
  bool at_end() const { return length_ == 0; }
  char32_t code_point() const { return code_point_; }
  bool is(uint8_t classes) const { return class_ & classes; }
  // Neither letter, number nor space: punctuation, symbols, marks, controls.
  bool is_other() const { return length_ != 0 && !is(kLetter | kNumber | kSpace); }
  bool is_newline() const { return code_point_ == '\r' || code_point_ == '\n'; }
  void advance() { move_to(at_ + length_); }

 private:
  void move_to(size_t at) {
    at_ = at;
    if (at >= text_.size()) {
      length_ = 0;
      class_ = 0;
      code_point_ = 0x10FFFF;  // a noncharacter of no class
      return;
    }
    const Utf8Character character = read_utf8(text_, at);
    code_point_ = character.code_point;
    length_ = character.length;
    class_ = (*classes_)[code_point_];
  }

  const UnicodeClasses* classes_;
  std::string_view text_;
  size_t at_ = 0;
  size_t length_ = 0;
  char32_t code_point_ = 0;
  uint8_t class_ = 0;
};

// One past 's 't 're 've 'm 'll 'd, if they stand at the apostrophe at `at`; otherwise 0. Ignoring case takes
// in the long s too: the only other character that case folding maps to one of these letters.
size_t end_of_contraction(std::string_view text, size_t at, bool ignore_case) {
  const auto letter = [&](size_t i) -> char {
    if (at + i >= text.size()) return 0;
    const char c = text[at + i];
    return ignore_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  };
  switch (letter(1)) {
    case 's':
    case 't':
    case 'm':
    case 'd':
      return at + 2;
    case 'r':
    case 'v':
      return letter(2) == 'e' ? at + 3 : 0;
    case 'l':
      return letter(2) == 'l' ? at + 3 : 0;
    default:
      return ignore_case && text.substr(at + 1, 2) == "\u017F" ? at + 3 : 0;
  }
}

// \s+(?!\S)|\s+ : a run of spaces, without its last one if a word follows (that one then belongs to the word
// or stands alone). `ends_early` says whether a character ends the text for this rule's purposes.
template <class EndsEarly>
size_t end_of_spaces(Scanner scan, EndsEarly ends_early) {
  const size_t begin = scan.at();
  size_t last = begin;
  for (; scan.is(kSpace); scan.advance()) last = scan.at();
  const bool word_follows = !scan.at_end() && !ends_early(scan);
  return word_follows && last != begin ? last : scan.at();
}

template <class Predicate>
size_t end_of_run(Scanner scan, Predicate predicate) {
  while (predicate(scan)) scan.advance();
  return scan.at();
}

bool is_letter(const Scanner& scan) {
  return scan.is(kLetter);
}

size_t end_of_gpt2(Scanner scan, std::string_view text, bool single_digits) {
  if (single_digits && scan.is(kDigit)) return scan.next();
  if (scan.code_point() == '\'') {
    if (const size_t end = end_of_contraction(text, scan.at(), false)) return end;
  }
  const auto ends_early = [&](const Scanner& s) { return single_digits && s.is(kDigit); };
  Scanner word = scan;
  if (word.code_point() == ' ') word.advance();
  if (!ends_early(word)) {
    if (word.is(kLetter)) return end_of_run(word, is_letter);
    if (word.is(kNumber)) return end_of_run(word, [](const Scanner& s) { return s.is(kNumber); });
    if (word.is_other()) {
      return end_of_run(word, [&](const Scanner& s) { return s.is_other() && !ends_early(s); });
    }
  }
  return end_of_spaces(scan, ends_early);
}

size_t end_of_llama3(Scanner scan, std::string_view text, size_t longest_number) {
  if (scan.code_point() == '\'') {
    if (const size_t end = end_of_contraction(text, scan.at(), true)) return end;
  }
  if (scan.is(kLetter)) return end_of_run(scan, is_letter);
  if (scan.is(kNumber)) {
    for (size_t i = 0; i < longest_number && scan.is(kNumber); ++i) scan.advance();
    return scan.at();
  }
  Scanner word = scan;
  word.advance();
  if (!scan.is_newline() && word.is(kLetter)) return end_of_run(word, is_letter);
  if (scan.code_point() != ' ') word = scan;
  if (word.is_other()) {
    while (word.is_other()) word.advance();
    return end_of_run(word, [](const Scanner& s) { return s.is_newline(); });
  }
  // \s*[\r\n]+ takes the spaces up to the last line break among them.
  size_t newlines_end = 0;
  for (Scanner spaces = scan; spaces.is(kSpace); spaces.advance()) {
    if (spaces.is_newline()) newlines_end = spaces.next();
  }
  return newlines_end != 0 ? newlines_end : end_of_spaces(scan, [](const Scanner&) { return false; });
}

}  // namespace

Result<PreTokenizerKind> find_pre_tokenizer(std::string_view name) {
  std::vector<std::string_view> names;
  for (const NamedKind& known : kKinds) {
    if (known.name == name) return known.kind;
    names.push_back(known.name);
  }
  return fail(ErrorCode::kUnsupported,
              "pre-tokeniser '{}' (tokenizer.ggml.pre) is not supported; supported are {}", name,
              fmt::join(names, ", "));
}

size_t PreTokenizer::end_of(std::string_view text, size_t begin) const {
  const Scanner scan(classes_, text, begin);
  switch (pattern_) {
    case Pattern::kGpt2:
      return end_of_gpt2(scan, text, false);
    case Pattern::kSmolLm:
      return end_of_gpt2(scan, text, true);
    case Pattern::kQwen2:
      return end_of_llama3(scan, text, 1);
    case Pattern::kLlama3:
      return end_of_llama3(scan, text, 3);
  }
  return text.size();
}

}  // namespace riposte::tokenizer
