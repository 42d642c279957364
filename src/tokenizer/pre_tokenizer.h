// Pre-tokenisers: where a byte-level BPE may never merge across. Each is a regular expression in its model's
// tokenizer.json; here each is a scanner on Unicode classes, made by hand because it runs over every byte of
// every request (a regular expression engine costs several times the merging itself).
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include "base/result.h"
#include "tokenizer/unicode_classes.h"

namespace riposte::tokenizer {

// What a value of tokenizer.ggml.pre means beyond its scanner.
struct PreTokenizerKind {
  enum class Pattern {
    // 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
    kGpt2,
    // every digit by itself, kGpt2 in between
    kSmolLm,
    // (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|
    // ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
    kQwen2,
    // the same with \p{N}{1,3}
    kLlama3,
  };
  Pattern pattern = Pattern::kGpt2;
  bool normalizes = false;   // the text is brought to NFC first
  bool whole_words = false;  // a pre-token that is in the vocabulary as a whole is not merged from its parts
  bool adds_bos = false;     // where the file does not say
};

// By the name in tokenizer.ggml.pre. Errors: kUnsupported, naming the supported ones.
Result<PreTokenizerKind> find_pre_tokenizer(std::string_view name);

class PreTokenizer {
 public:
  explicit PreTokenizer(PreTokenizerKind::Pattern pattern) : pattern_(pattern) {}

  // One past the last byte of the pre-token that begins at byte `begin` (inside `text`). Pre-tokens cover the
  // text without gaps; each has at least one byte. What is not UTF-8 counts as U+FFFD.
  size_t end_of(std::string_view text, size_t begin) const;

 private:
  PreTokenizerKind::Pattern pattern_;
  const UnicodeClasses& classes_ = UnicodeClasses::get();
};

}  // namespace riposte::tokenizer
