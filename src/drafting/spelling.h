// What a misspelled word may have been meant to be: the vocabulary of the model is a dictionary of common
// words.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "drafting/vocabulary.h"

namespace riposte::drafting {

// The words in lower case that are one token with a space in front. Immutable.
class Spelling {
 public:
  // Keeps a reference to the vocabulary.
  explicit Spelling(const Vocabulary& vocabulary);

  // Whether a word, in lower case, is one of them.
  bool knows(std::string_view word) const;

  struct Suggestion {
    std::string_view word;  // in lower case, without a space
    float edits = 0.0f;     // a letter doubled or made single is half a one
    float chance = 0.0f;    // that it is the right one if any is; of all together at most 1
  };
  // Words that differ from this one by an edit or two (Damerau-Levenshtein; the first letter stays, for
  // speed), the likeliest first: fewer edits, then more common ones, which have the lower token ids. Nothing
  // for words of fewer than 4 letters or more than 24.
  std::vector<Suggestion> suggest(std::string_view word, size_t most) const;

 private:
  struct Entry {
    TokenId token;
    uint32_t letters;  // a bit for each letter that occurs
  };
  static constexpr size_t kShortest = 2, kLongest = 24;
  std::string_view word_of(const Entry& entry) const { return vocabulary_.bytes(entry.token).substr(1); }
  const std::vector<Entry>& bucket(char first, size_t length) const;

  const Vocabulary& vocabulary_;
  std::vector<std::vector<Entry>> buckets_;  // by first letter and length, in the order of token ids
};

}  // namespace riposte::drafting
