// What the model said behind guesses that were wrong (lookahead decoding, arXiv 2402.02057).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/token.h"
#include "drafting/draft.h"

namespace riposte::drafting {

// A pass answers the rows of all guesses, also of those behind the first wrong one. Such an answer is of no
// use for this pass, but it tells what the model makes of a place further on: mostly it says the same there
// when it arrives, whatever was wrong before. So an edit at the end of a sentence is known when the one at
// its beginning is made.
//
// Remembers the last kMost answers of one request.
class Lookahead {
 public:
  static constexpr size_t kMost = 2 * kMostGuesses;

  // The end of a text, whose last token stands at `position` (counted from wherever, always the same way).
  struct Place {
    TokenId before = kNoToken;  // the token before the last one
    TokenId last = kNoToken;
    int32_t position = 0;
  };
  struct Said {
    TokenId token = kNoToken;
    bool knows_before = false;  // said to the same two tokens, not only to the same last one
  };

  // To a text that ended so the model answered with this token.
  void note(const Place& place, TokenId answer);
  // What it said to a text that ended like this one, near the same position; the nearest and latest.
  std::optional<Said> find(const Place& place) const;
  bool empty() const { return count_ == 0; }

 private:
  struct Note {
    Place place;
    TokenId answer = kNoToken;
  };
  std::array<Note, kMost> notes_;
  size_t count_ = 0;  // ever made; note i stands at i % kMost
};

}  // namespace riposte::drafting
