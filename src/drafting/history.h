// What was learned from earlier answers: edits, and which token followed which.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/token.h"
#include "drafting/context_table.h"
#include "drafting/words.h"

namespace riposte::drafting {

// Knows hashes of contexts and the tokens that were written in them, no texts. Everything is kept under the
// name of its owner: nobody gets a guess from what was learned for another one. Bounded; thread-safe.
class History {
 public:
  static constexpr size_t kDefaultBytes = size_t{4} << 20;

  explicit History(size_t most_bytes = kDefaultBytes) : table_(most_bytes) {}

  // Something that may be written in place of some source words, as it stands inside a sentence (a space in
  // front of a word).
  struct Guess {
    ContextTable::Known known;
    int32_t source_words = 0;     // whose place it takes: 0: it is put in between
    bool knows_previous = false;  // it was seen behind this very word before it
    bool leaves_out = false;      // nothing is written: the words are left out

    std::span<const TokenId> tokens() const {
      return leaves_out ? std::span<const TokenId>() : known.value();
    }
  };
  // Edits of the source from word `word` on, behind an output word of the hash `previous` (0: at the start).
  // Appends to `out` what is known, one guess a number of words.
  void find_edits(uint64_t owner, uint64_t previous, std::span<const Word> source,
                  std::vector<Guess>& out) const;
  // The token that came behind these most often, by the last three or two of them.
  std::optional<ContextTable::Known> find_next(uint64_t owner, std::span<const TokenId> before) const;

  // Learns from a whole answer: what it made of its source (which may be empty), and its tokens.
  void learn(uint64_t owner, std::span<const TokenId> source, std::span<const TokenId> output,
             const Vocabulary& vocabulary);

  size_t bytes() const { return table_.bytes(); }

 private:
  void learn_edits(uint64_t owner, const Words& source, const Words& output,
                   std::span<const TokenId> output_tokens, const Vocabulary& vocabulary);

  ContextTable table_;
};

}  // namespace riposte::drafting
