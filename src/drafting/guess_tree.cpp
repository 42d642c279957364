#include "drafting/guess_tree.h"

#include <algorithm>
#include <queue>
#include <utility>

namespace riposte::drafting {
namespace {

// What the model said to a text with the same end mostly comes again: to the same two tokens, or only to the
// last one. Where it said what is expected anyway, so much of the doubt is left.
constexpr float kSaid = 0.7f;
constexpr float kSaidToOne = 0.5f;
constexpr float kDoubtLeft = 0.35f;

struct Candidate {
  TokenId token = kNoToken;
  int32_t parent = Draft::kNoParent;
  int32_t depth = 0;
  float chance = 0.0f;  // given the parent
  float cumulative = 0.0f;
  float strongest = 0.0f;  // of the threads' shares: its origin counts
  Origin origin = Origin::kSource;
  std::vector<Thread> threads;  // after the token

  bool operator<(const Candidate& other) const {
    if (cumulative != other.cumulative) return cumulative < other.cumulative;
    return std::pair(parent, token) > std::pair(other.parent, other.token);  // ties: the earlier first
  }
};

class Grower {
 public:
  Grower(Continuations& continuations, const TreeLimits& limits, const Heard& heard)
      : continuations_(continuations), limits_(limits), heard_(heard) {}

  void grow(const std::vector<Thread>& threads, Draft& draft) {
    expand(threads, Draft::kNoParent, heard_.end, 1, 1.0f);
    while (!open_.empty() && static_cast<int32_t>(draft.size()) < limits_.most_guesses) {
      const Candidate best = open_.top();
      open_.pop();
      const int32_t index =
          draft.add(best.token, best.parent, std::clamp(best.chance, 1e-6f, 1.0f), best.origin);
      const TokenId before =
          best.parent == Draft::kNoParent ? heard_.end.last : draft.tokens[static_cast<size_t>(best.parent)];
      expand(best.threads, index, {before, best.token, heard_.end.position + best.depth}, best.depth + 1,
             best.cumulative);
    }
  }

 private:
  // Opens all children of a guess.
  void expand(const std::vector<Thread>& threads, int32_t parent, const Lookahead::Place& place,
              int32_t depth, float cumulative) {
    if (depth > limits_.most_depth) return;
    children_.clear();
    float all = 0.0f;
    for (const Thread& thread : threads) all += thread.weight;
    if (!(all > 0.0f)) return;
    // The threads of the first guesses are all that there are; those behind a guess are given that it is
    // right.
    const float scale = parent == Draft::kNoParent ? 1.0f : 1.0f / all;
    for (const Thread& thread : threads) {
      const Continuation& on = thread.going_on;
      if (!on.tokens.empty()) {
        take(on, thread.weight * scale * on.chance);
      } else if (on.next_word != Continuation::kNothing) {
        next_.clear();
        continuations_.append(on.next_word, on.next, next_);
        for (const Continuation& next : next_) take(next, thread.weight * scale * next.chance);
      }
    }
    if (heard_.lookahead != nullptr) hear(threads, place);
    for (Candidate& child : children_) {
      child.parent = parent;
      child.depth = depth;
      child.cumulative = cumulative * child.chance;
      if (child.cumulative >= limits_.least_chance) open_.push(std::move(child));
    }
  }

  // What the model said here gets its share of the chances.
  void hear(const std::vector<Thread>& threads, const Lookahead::Place& place) {
    const auto said = heard_.lookahead->find(place);
    if (!said) return;
    const auto likeliest = std::ranges::max_element(children_, {}, &Candidate::chance);
    if (likeliest != children_.end() && likeliest->token == said->token) {
      const float doubt = 1.0f - likeliest->chance;
      for (Candidate& child : children_) child.chance *= kDoubtLeft;
      likeliest->chance = 1.0f - kDoubtLeft * doubt;
      return;
    }
    const float chance = said->knows_before ? kSaid : kSaidToOne;
    for (Candidate& child : children_) child.chance *= 1.0f - chance;
    if (Candidate* child = child_of(said->token)) {
      child->chance += chance;
      child->origin = Origin::kLookahead;
      return;
    }
    for (const Thread& thread : threads) {
      const Continuation& on = thread.going_on;
      if (on.next_word == Continuation::kNothing) continue;
      next_.clear();
      continuations_.append_said(said->token, on, next_);
      for (const Continuation& next : next_) take(next, thread.weight * next.chance);
    }
    if (Candidate* child = child_of(said->token)) child->chance = chance;
  }

  // Null: none of the children is that token.
  Candidate* child_of(TokenId token) {
    const auto child = std::ranges::find(children_, token, &Candidate::token);
    return child == children_.end() ? nullptr : &*child;
  }

  // One thread writes the first token of `on`, with this chance.
  void take(const Continuation& on, float chance) {
    if (!(chance > 0.0f)) return;
    const TokenId token = on.tokens.front();
    Candidate* child = child_of(token);
    if (child == nullptr) {
      child = &children_.emplace_back();
      child->token = token;
    }
    child->chance += chance;
    if (chance > child->strongest) {
      child->strongest = chance;
      child->origin = on.origin;
    }
    Continuation rest = on;
    rest.tokens = on.tokens.subspan(1);
    rest.chance = on.inner_chance;
    child->threads.push_back({rest, chance});
  }

  Continuations& continuations_;
  const TreeLimits& limits_;
  const Heard& heard_;
  std::priority_queue<Candidate> open_;
  std::vector<Candidate> children_;
  std::vector<Continuation> next_;
};

}  // namespace

void grow_tree(std::vector<Thread> threads, Continuations& continuations, const TreeLimits& limits,
               const Heard& heard, Draft& draft) {
  Grower(continuations, limits, heard).grow(threads, draft);
}

}  // namespace riposte::drafting
