// Builds a Grammar state by state.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "constraint/grammar.h"

namespace riposte::constraint {

inline constexpr size_t kMostStates = 100'000;

class GrammarBuilder {
 public:
  // With the text rules.
  GrammarBuilder();

  StateId state();
  // A rule with a start and an end, nothing between them.
  RuleId rule();
  StateId start(RuleId rule) const { return rules_[static_cast<size_t>(rule)].first; }
  StateId end(RuleId rule) const { return rules_[static_cast<size_t>(rule)].second; }

  void byte(StateId from, uint8_t first, uint8_t last, StateId to) {
    bytes_.push_back({from, {first, last, to}});
  }
  void byte(StateId from, char one, StateId to);
  void call(StateId from, RuleId rule, StateId to) { calls_.push_back({from, {rule, to}}); }
  void jump(StateId from, StateId to) { jumps_.push_back({from, to}); }
  // Any one character of a JSON string. A state has at most one of these.
  void text(StateId from, StateId to) { states_[static_cast<size_t>(from)].text = to; }
  // These bytes one after another; without any, a jump.
  void literal(StateId from, std::string_view bytes, StateId to);
  // A byte that one of these is.
  void any_of(StateId from, std::string_view bytes, StateId to);

  // More than kMostStates: nothing more should be added, build() will refuse.
  bool too_large() const { return states_.size() > kMostStates; }
  // Errors: kTooLarge; kInvalidArgument, if nothing can be accepted within kMostFrames.
  Result<Grammar> build(RuleId root, std::string key) &&;

 private:
  template <class Edge>
  struct From {
    StateId from;
    Edge edge;
  };

  void text_rules();
  void find_needs();
  void find_text_room();

  std::vector<State> states_;
  std::vector<std::pair<StateId, StateId>> rules_;  // start, end
  std::vector<From<ByteEdge>> bytes_;
  std::vector<From<CallEdge>> calls_;
  std::vector<From<StateId>> jumps_;
};

}  // namespace riposte::constraint
