#include "drafting/guess_tree.h"

#include <algorithm>
#include <queue>
#include <utility>

namespace riposte::drafting {
namespace {

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
  Grower(Continuations& continuations, const TreeLimits& limits)
      : continuations_(continuations), limits_(limits) {}

  void grow(const std::vector<Thread>& threads, Draft& draft) {
    expand(threads, Draft::kNoParent, 1, 1.0f);
    while (!open_.empty() && static_cast<int32_t>(draft.size()) < limits_.most_guesses) {
      const Candidate best = open_.top();
      open_.pop();
      const int32_t index =
          draft.add(best.token, best.parent, std::clamp(best.chance, 1e-6f, 1.0f), best.origin);
      expand(best.threads, index, best.depth + 1, best.cumulative);
    }
  }

 private:
  // Opens all children of a guess.
  void expand(const std::vector<Thread>& threads, int32_t parent, int32_t depth, float cumulative) {
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
    for (Candidate& child : children_) {
      child.parent = parent;
      child.depth = depth;
      child.cumulative = cumulative * child.chance;
      if (child.cumulative >= limits_.least_chance) open_.push(std::move(child));
    }
  }

  // One thread writes the first token of `on`, with this chance.
  void take(const Continuation& on, float chance) {
    if (!(chance > 0.0f)) return;
    const TokenId token = on.tokens.front();
    auto child = std::ranges::find(children_, token, &Candidate::token);
    if (child == children_.end()) {
      children_.emplace_back();
      child = children_.end() - 1;
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
  std::priority_queue<Candidate> open_;
  std::vector<Candidate> children_;
  std::vector<Continuation> next_;
};

}  // namespace

void grow_tree(std::vector<Thread> threads, Continuations& continuations, const TreeLimits& limits,
               Draft& draft) {
  Grower(continuations, limits).grow(threads, draft);
}

}  // namespace riposte::drafting
