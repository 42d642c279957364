// Where the text of one answer has arrived in a grammar, and which tokens may follow.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "constraint/grammar.h"
#include "constraint/token_trie.h"

namespace riposte::constraint {

// One per answer, used by one thread at a time. A text may be at several places of a grammar at once; each is
// a state with the calls that it is inside of. Memory is bounded: kMostThreads places (those found first
// stay), kMostFrames calls each.
class Matcher {
 public:
  static constexpr size_t kMostThreads = 512;

  Matcher(std::shared_ptr<const Grammar> grammar, std::shared_ptr<const TokenTrie> tokens);

  // The text is whole: an end token may follow.
  bool complete() const;
  // Whether a token of these bytes may follow. No bytes: never.
  bool allows(std::string_view bytes);
  bool allows(TokenId token) { return tokens_->is_end(token) ? complete() : allows(tokens_->bytes(token)); }
  // Goes on. `bytes` are allowed; otherwise nothing can follow any more.
  void accept(std::string_view bytes);
  void accept(TokenId token) { accept(tokens_->bytes(token)); }
  // All tokens that may follow; end tokens if complete(). Replaces what was in `out`. Empty only if the
  // vocabulary cannot spell what must come.
  void allowed(TokenSet& out);

 private:
  // A call: where to go on when it returns, and the call around it. Frame 0 is the bottom.
  struct Frame {
    StateId target = kNoState;
    int32_t below = 0;
    int32_t depth = 0;
  };
  struct Thread {
    StateId state = kNoState;
    int32_t frame = 0;
  };
  // Threads of one moment: a part of threads_.
  struct Range {
    size_t begin = 0;
    size_t end = 0;
    bool empty() const { return begin == end; }
  };

  // The threads after one more byte, behind all others in threads_.
  Range step(Range from, uint8_t byte);
  Range begin_moment();
  // A state is reached: adds it, and all that are there without a byte, to the moment.
  void enter(StateId state, int32_t frame);
  void enter_call(const CallEdge& call, int32_t frame);
  int32_t push(StateId target, int32_t below);
  bool fits(StateId state, int32_t frame) const;
  void walk(const Trie& trie, int32_t begin, int32_t end, Range from, TokenSet& out);
  void forget(size_t threads, size_t frames);
  void drop_unused_frames();

  std::shared_ptr<const Grammar> grammar_;
  std::shared_ptr<const TokenTrie> tokens_;
  std::vector<Frame> frames_;    // those of a moment behind those of earlier ones
  std::vector<Thread> threads_;  // the answer's own first, then those of a walk through the trie
  size_t now_ = 0;               // threads of the answer
  // Of the moment that is being made:
  size_t first_frame_ = 0;
  size_t first_thread_ = 0;
  std::vector<Thread> passed_;  // states without bytes of their own
  std::vector<int32_t> moved_;  // scratch of drop_unused_frames
};

}  // namespace riposte::constraint
