// The state of one request inside the engine: what is known, what is computed, what is still to be told.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "constraint/matcher.h"
#include "constraint/token_trie.h"
#include "drafting/drafter.h"
#include "engine/answer_text.h"
#include "engine/branches.h"
#include "engine/pooling.h"
#include "engine/request.h"
#include "engine/token_text.h"
#include "kvcache/page_cache.h"
#include "sampling/sampler.h"

namespace riposte::engine {

// Request::supersedes with what it refers to.
struct Supersession {
  uint64_t owner = 0;
  std::string key;  // empty: none
  uint64_t batch = 0;
};
// What the older request hears.
Error superseded_error();

class Sequence {
 public:
  // `request` passed validate() for this context.
  Sequence(Request request, Listener listener, int32_t context_length,
           Clock::time_point submitted = Clock::now());
  // Before the first token: the answer keeps to this grammar. `tokens` are those of the model's vocabulary.
  void constrain(std::shared_ptr<const constraint::Grammar> grammar,
                 std::shared_ptr<const constraint::TokenTrie> tokens);

  RequestId id() const { return id_; }
  void set_id(RequestId id) { id_ = id; }
  std::span<const TokenId> tokens() const { return tokens_; }  // the prompt, then the answer
  std::span<const TokenId> output() const { return tokens().subspan(static_cast<size_t>(prompt_tokens_)); }
  int32_t prompt_tokens() const { return prompt_tokens_; }
  // Tokens whose keys and values are not computed yet: a row each, at least one.
  int32_t pending() const { return length() - computed; }
  // Tokens that may still be added to the answer.
  int32_t room() const { return most_tokens_ - length(); }
  // Positions that will ever be filled: the last token of an answer needs none.
  int32_t most_positions() const { return most_tokens_ > prompt_tokens_ ? most_tokens_ - 1 : prompt_tokens_; }
  // The highest logit may be of a token that the constraint forbids, or of an edit that is too unlikely.
  bool needs_logits() const { return sampler_.needs_logits() || matcher_ || copying_; }
  // Every token has to be computed, and what is computed serves nobody else.
  bool bypasses_cache() const { return pool && pool->wants_all(); }
  // Whether the hidden state at this position is needed.
  bool needs_hidden(int32_t position) const { return pool && pool->wants(position); }
  uint64_t task() const { return task_; }
  model::AdapterId adapter() const { return adapter_; }
  // Who may have computed the beginning of its prompt.
  kvcache::Owner prefix_owner() const { return {prefix_owner_, adapter_}; }
  // Who has the earlier turn goes first (see pace.h).
  Clock::time_point turn() const { return turn_; }
  void set_turn(Clock::time_point turn) { turn_ = turn; }
  // It has no turn: it takes part in steps that nobody else needs.
  bool in_background() const { return turn_ == Clock::time_point::max(); }
  bool admitted() const { return admitted_; }  // it runs: its memory is given to it
  void admit() { admitted_ = true; }
  // Tokens of the answer that are still to come, as far as anyone can tell.
  int32_t expected_tokens() const;
  std::optional<Clock::time_point> deadline() const { return deadline_; }
  // The deadline has passed, and there is no token yet.
  bool is_late(Clock::time_point now) const { return deadline_ && now > *deadline_ && !first_token_; }
  // Whether `newer` says that this one is not wanted any more.
  bool is_superseded_by(const Supersession& newer) const;
  const Supersession& supersession() const { return supersession_; }
  // What a drafter may look at. Guesses deeper than room() - 1 cannot be used: the last token needs none.
  drafting::DraftContext draft_context() const;

  // The token that this request produces from a row's answer, at the position after its last token.
  // Fails the sequence where the vocabulary has no token that its constraint allows.
  TokenId choose(const sampling::RowAnswer& row, sampling::Workspace& workspace);
  // Takes guesses out of a draft that the constraint forbids, with all that hangs on them.
  void drop_forbidden(drafting::Draft& guesses) const;
  // Takes a chosen token into the answer. The sequence is finished afterwards if the token, a stop string or
  // the length ends it. `guess` is the guess of the draft that was this token, or kNoParent.
  void take(TokenId token, int32_t guess, const TokenText& text, Clock::time_point now);
  // A guess of the draft was wrong, or behind one that was; had it been right, the model would have gone on
  // with `answer`.
  void overhear(int32_t guess, TokenId answer);
  // A draft is verified in this pass.
  void count_draft();

  // The logits from which the last token was chosen, for its log-probability if the request wants it.
  void note_logits(std::span<const float> logits);

  bool finished() const { return reason_.has_value(); }
  bool complete() const { return reason_ == FinishReason::kStop || reason_ == FinishReason::kLength; }
  // With all that is known when it is finished.
  Usage usage_so_far() const;
  void finish(FinishReason reason);
  void fail(Error error);
  // A step with rows of this sequence begins.
  void start_pass(Clock::time_point now);

  // Tells the listener what is new; on_finish if the sequence is finished. What it throws is dropped: a
  // listener must not throw, and the other requests must not suffer if it does.
  void deliver(Clock::time_point now);

  int32_t computed = 0;  // the first so many tokens have keys and values in the lease's pages
  kvcache::Lease lease;
  drafting::Draft draft;  // guesses at the tokens after the last one, for this step
  Branches branches;      // of the draft
  drafting::Acceptance acceptance;
  drafting::Lookahead lookahead;
  std::optional<Pool> pool;  // what is asked for is a vector: this becomes it
  double guessing_loss = 0;  // what guesses cost, less what they saved, in steps without guesses
  Usage usage;               // prompt_tokens and output_tokens are filled in by usage_so_far()

 private:
  int32_t length() const { return static_cast<int32_t>(tokens_.size()); }

  RequestId id_ = 0;
  int32_t expected_answer_;  // tokens
  bool admitted_ = false;
  Listener listener_;
  std::vector<TokenId> source_;
  std::vector<TokenId> prediction_;
  float rewriting_chance_;
  model::AdapterId adapter_;
  uint64_t prefix_owner_;
  bool use_history_;
  uint64_t task_;
  std::optional<Clock::time_point> deadline_;
  Supersession supersession_;
  Clock::time_point turn_;
  int32_t most_tokens_;  // prompt and answer
  std::vector<TokenId> tokens_;
  int32_t prompt_tokens_;
  int32_t top_logprobs_;
  bool ignore_end_;
  bool traced_;
  sampling::Sampler sampler_;
  std::optional<sampling::Copying> copying_;    // what makes edits rare, if the request wants that
  std::optional<constraint::Matcher> matcher_;  // where the answer is in its constraint, if it has one
  AnswerText text_;

  std::vector<TokenTrace> trace_;
  std::string new_text_;                          // not delivered yet
  std::vector<sampling::Logprobs> new_logprobs_;  // of tokens that are not delivered yet
  size_t delivered_tokens_;                       // of tokens_, the prompt counted as delivered
  std::optional<FinishReason> reason_;
  Error error_;
  Clock::time_point submitted_;
  std::optional<Clock::time_point> started_;
  std::optional<Clock::time_point> first_token_;
};

}  // namespace riposte::engine
