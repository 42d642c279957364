// How an answer may go on from a place in its source.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "drafting/draft.h"
#include "drafting/history.h"
#include "drafting/spelling.h"
#include "drafting/words.h"

namespace riposte::drafting {

// What is known of the answer at a place.
struct Situation {
  int32_t copied = 0;            // words copied in a row, at most kMostCopied
  bool at_start = false;         // nothing was written yet
  bool sentence_begins = false;  // ... or a sentence has just ended
  uint64_t previous = 0;         // hash of the word before (hash_of), 0: there is none
};

// Some tokens, and where in the source the answer is afterwards.
struct Continuation {
  std::span<const TokenId> tokens;  // at least one
  float chance = 0.0f;              // of all continuations of a place together at most 1
  float inner_chance = 1.0f;        // of each token behind the first
  int32_t next_word = 0;            // kNothing: the answer has ended
  Situation next = {};
  Origin origin = Origin::kSource;

  static constexpr int32_t kNothing = -1;
};

// What helps to guess edits; all of it must outlive whoever uses it.
struct Knowledge {
  const Vocabulary& vocabulary;
  const Spelling* spelling = nullptr;  // null: unknown words are copied
  const History* history = nullptr;    // null: no learned edits are guessed
  uint64_t owner = 0;                  // whose
};

class Continuations {
 public:
  // All must outlive it. `tokens` are those that `source` was made of.
  Continuations(const Words& source, std::span<const TokenId> tokens, const Knowledge& knowledge,
                Origin origin)
      : source_(source), tokens_(tokens), knowledge_(knowledge), origin_(origin) {}

  // Appends the continuations from before source word `word` (the number of words: the end).
  void append(int32_t word, const Situation& now, std::vector<Continuation>& out);
  // Appends the ways to go on where the model is expected to write this token instead of what `expected`
  // says, with chances that add up to 1.
  void append_said(TokenId token, const Continuation& expected, std::vector<Continuation>& out);
  // The rest of a word, `done` of whose tokens are written.
  Continuation rest_of_word(int32_t word, int32_t done, const Situation& now) const;

 private:
  std::span<const TokenId> as_written_here(const Word& word, bool first_of_source, const Situation& now);
  std::span<const TokenId> as_written_here(std::span<const TokenId> tokens, const Situation& now);
  bool is_unknown(const Word& word) const;
  std::span<const TokenId> encoded(std::string_view text);
  void append_word(int32_t word, const Situation& now, float chance, std::vector<Continuation>& out);
  float doubt_of(const History::Guess& guess, int32_t word) const;
  float append_learned(int32_t word, const Situation& now, std::vector<Continuation>& out);
  void append_end(const Situation& now, float chance, std::vector<Continuation>& out);

  const Words& source_;
  std::span<const TokenId> tokens_;
  const Knowledge knowledge_;
  Origin origin_;
  std::vector<History::Guess> learned_;       // memory that is reused
  std::deque<std::vector<TokenId>> encoded_;  // what is not in the source's own tokens; addresses stay
};

}  // namespace riposte::drafting
