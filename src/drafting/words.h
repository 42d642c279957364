// Tokens seen as words: texts are compared word by word, since one word may be written in different tokens.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/token.h"
#include "drafting/vocabulary.h"

namespace riposte::drafting {

enum class WordKind : uint8_t { kLetters, kDigits, kMark };

struct Word {
  std::string_view text;  // without white space in front; a line break is a word
  uint64_t hash = 0;      // of the text in lower case (ASCII)
  int32_t first_token = 0;
  int32_t tokens = 0;
  WordKind kind = WordKind::kMark;
  bool spaced = false;  // white space stands in front

  bool ends_sentence() const { return text == "." || text == "!" || text == "?"; }
};

// The words of a text. A word begins with a token that brings white space, or whose first character is of
// another kind than the last one of the token before (letters, digits, marks); each mark token is a word. An
// apostrophe with letters ("'s", "'t") counts as letters and begins a word; a token of spaces belongs to the
// word behind it, one with a line break is a word.
class Words {
 public:
  // Keeps no reference to the tokens.
  Words(std::span<const TokenId> tokens, const Vocabulary& vocabulary);
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  std::span<const Word> all() const { return words_; }
  size_t size() const { return words_.size(); }
  const Word& operator[](size_t index) const { return words_[index]; }

 private:
  std::string text_;
  std::vector<Word> words_;
};

bool same_ignoring_case(std::string_view a, std::string_view b);
// Common beginning and end make up at least half of the longer one, and a letter at least is equal in front:
// as a misspelled word and the right one, or two forms of a word.
bool are_similar(std::string_view a, std::string_view b);
uint64_t hash_of(std::string_view text);  // in lower case

}  // namespace riposte::drafting
