// What an answer may be, as a pushdown automaton over bytes: rules, each an automaton of its own that may
// call others.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace riposte::constraint {

using StateId = int32_t;
using RuleId = int32_t;
inline constexpr StateId kNoState = -1;

// Calls inside each other that a text may be in at most. One level of JSON takes one or two.
inline constexpr int32_t kMostFrames = 64;
inline constexpr int32_t kNever = 1 << 20;    // State::need where no way leads to the end
inline constexpr int32_t kNoLimit = 1 << 30;  // State::text_room of a text without an upper bound

// A byte from `first` to `last` leads to `target`.
struct ByteEdge {
  uint8_t first = 0;
  uint8_t last = 0;
  StateId target = kNoState;
};

// Whatever `rule` accepts leads to `target`.
struct CallEdge {
  RuleId rule = 0;
  StateId target = kNoState;
};

// The rules that every grammar begins with: how a character goes on that is not one plain byte of a JSON
// string.
enum TextRule : RuleId {
  kEscape,     // behind a backslash; a pair of surrogates is one character
  kOneMore,    // one continuation byte (RFC 3629, section 4)
  kTwoMore,    // two
  kThreeMore,  // three
  kAfterE0,    // no overlong forms,
  kAfterED,    // no surrogates,
  kAfterF0,    // no overlong forms,
  kAfterF4,    // nothing beyond U+10FFFF
  kTextRules,
};

// Ranges of a state's edges begin here and end where those of the next state begin.
struct State {
  int32_t first_byte = 0;
  int32_t first_call = 0;
  int32_t first_jump = 0;
  StateId text = kNoState;  // where any one character of a JSON string leads (escaped or not), if it may come
  int32_t text_room = 0;    // how many such characters may come one after another
  int32_t need = kNever;    // frames beyond its own that the way to the end of its rule needs at least
  bool accepts = false;     // its rule may end here
};

// Immutable; made by GrammarBuilder.
class Grammar {
 public:
  // Two grammars with equal keys allow the same texts.
  const std::string& key() const { return key_; }
  RuleId root() const { return root_; }
  StateId start(RuleId rule) const { return starts_[static_cast<size_t>(rule)]; }
  const State& state(StateId id) const { return states_[static_cast<size_t>(id)]; }
  size_t states() const { return states_.size() - 1; }

  std::span<const ByteEdge> bytes(StateId id) const { return range(bytes_, id, &State::first_byte); }
  std::span<const CallEdge> calls(StateId id) const { return range(calls_, id, &State::first_call); }
  // States that are there without a byte.
  std::span<const StateId> jumps(StateId id) const { return range(jumps_, id, &State::first_jump); }

 private:
  friend class GrammarBuilder;

  template <class Edge>
  std::span<const Edge> range(const std::vector<Edge>& edges, StateId id, int32_t State::*first) const {
    const auto at = static_cast<size_t>(id);
    const auto begin = static_cast<size_t>(states_[at].*first);
    return std::span(edges).subspan(begin, static_cast<size_t>(states_[at + 1].*first) - begin);
  }

  std::vector<State> states_;    // and one behind the last, where the edges end
  std::vector<StateId> starts_;  // [rules]
  std::vector<ByteEdge> bytes_;
  std::vector<CallEdge> calls_;
  std::vector<StateId> jumps_;
  RuleId root_ = 0;
  std::string key_;
};

}  // namespace riposte::constraint
