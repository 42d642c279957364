#include "constraint/grammar_builder.h"

#include <algorithm>
#include <deque>

namespace riposte::constraint {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";

// Edges by the state that they leave, and where those of each state begin.
template <class From, class Edge>
void gather(const std::vector<From>& edges, std::vector<State>& states, int32_t State::*first,
            std::vector<Edge>& out) {
  for (const From& edge : edges) ++(states[static_cast<size_t>(edge.from) + 1].*first);
  for (size_t i = 1; i < states.size(); ++i) states[i].*first += states[i - 1].*first;
  std::vector<int32_t> next(states.size());
  for (size_t i = 0; i < states.size(); ++i) next[i] = states[i].*first;
  out.resize(edges.size());
  for (const From& edge : edges) {
    out[static_cast<size_t>(next[static_cast<size_t>(edge.from)]++)] = edge.edge;
  }
}

}  // namespace

GrammarBuilder::GrammarBuilder() {
  text_rules();
}

StateId GrammarBuilder::state() {
  states_.emplace_back();
  return static_cast<StateId>(states_.size()) - 1;
}

RuleId GrammarBuilder::rule() {
  const StateId start = state();
  rules_.emplace_back(start, state());
  states_.back().accepts = true;
  return static_cast<RuleId>(rules_.size()) - 1;
}

void GrammarBuilder::byte(StateId from, char one, StateId to) {
  byte(from, static_cast<uint8_t>(one), static_cast<uint8_t>(one), to);
}

void GrammarBuilder::literal(StateId from, std::string_view bytes, StateId to) {
  if (bytes.empty()) return jump(from, to);
  for (size_t i = 0; i < bytes.size(); ++i) {
    const StateId next = i + 1 == bytes.size() ? to : state();
    byte(from, bytes[i], next);
    from = next;
  }
}

void GrammarBuilder::any_of(StateId from, std::string_view bytes, StateId to) {
  for (const char one : bytes) byte(from, one, to);
}

void GrammarBuilder::text_rules() {
  for (RuleId made = 0; made < kTextRules; ++made) rule();
  const auto digits = [this](StateId from, std::string_view first, std::string_view second, StateId to) {
    // Two digits of these kinds and two more of any.
    const StateId a = state(), b = state(), c = state();
    any_of(from, first, a);
    any_of(a, second, b);
    any_of(b, kHexDigits, c);
    any_of(c, kHexDigits, to);
  };
  const StateId escape = start(kEscape), done = end(kEscape);
  const StateId code = state(), low = state(), low_code = state(), high = state();
  any_of(escape, "\"\\/bfnrt", done);
  byte(escape, 'u', code);
  digits(code, "0123456789abcefABCEF", kHexDigits, done);
  digits(code, "dD", "01234567", done);
  digits(code, "dD", "89abAB", high);
  byte(high, '\\', low);
  byte(low, 'u', low_code);
  digits(low_code, "dD", "cdefCDEF", done);

  const auto tail = [this](RuleId made, uint8_t first, uint8_t last, int more) {
    StateId at = start(made);
    for (int i = 0; i <= more; ++i) {
      const StateId next = i == more ? end(made) : state();
      byte(at, i == 0 ? first : 0x80, i == 0 ? last : 0xBF, next);
      at = next;
    }
  };
  tail(kOneMore, 0x80, 0xBF, 0);
  tail(kTwoMore, 0x80, 0xBF, 1);
  tail(kThreeMore, 0x80, 0xBF, 2);
  tail(kAfterE0, 0xA0, 0xBF, 1);
  tail(kAfterED, 0x80, 0x9F, 1);
  tail(kAfterF0, 0x90, 0xBF, 2);
  tail(kAfterF4, 0x80, 0x8F, 2);
}

// The least fixed point, backwards from the states that accept: whenever a state becomes cheaper, those that
// lead to it are looked at again. A state can become cheaper kMostFrames times at most.
void GrammarBuilder::find_needs() {
  struct Way {
    StateId from, to;
    RuleId rule;  // that must be called on the way, or -1
  };
  std::vector<Way> ways;
  for (const auto& [from, edge] : bytes_) ways.push_back({from, edge.target, -1});
  for (const auto& [from, edge] : calls_) ways.push_back({from, edge.target, edge.rule});
  for (const auto& [from, target] : jumps_) ways.push_back({from, target, -1});
  for (size_t i = 0; i < states_.size(); ++i) {
    if (states_[i].text != kNoState) ways.push_back({static_cast<StateId>(i), states_[i].text, -1});
  }
  std::vector<std::vector<size_t>> into(states_.size());  // by state: ways that a change of it makes cheaper
  for (size_t i = 0; i < ways.size(); ++i) {
    into[static_cast<size_t>(ways[i].to)].push_back(i);
    if (ways[i].rule >= 0) into[static_cast<size_t>(start(ways[i].rule))].push_back(i);
  }
  std::deque<StateId> changed;
  for (size_t i = 0; i < states_.size(); ++i) {
    if (!states_[i].accepts) continue;
    states_[i].need = 0;
    changed.push_back(static_cast<StateId>(i));
  }
  const auto need = [this](StateId id) -> int32_t& { return states_[static_cast<size_t>(id)].need; };
  while (!changed.empty()) {
    const StateId to = changed.front();
    changed.pop_front();
    for (const size_t index : into[static_cast<size_t>(to)]) {
      const Way& way = ways[index];
      const int32_t called = way.rule >= 0 ? 1 + need(start(way.rule)) : 0;
      const int32_t found = std::max(need(way.to), called);
      if (found > kMostFrames || found >= need(way.from)) continue;
      need(way.from) = found;
      changed.push_back(way.from);
    }
  }
}

// Texts with bounds are chains of states, each behind the one before it.
void GrammarBuilder::find_text_room() {
  for (size_t i = states_.size(); i-- > 0;) {
    State& state = states_[i];
    if (state.text == kNoState) continue;
    const auto next = static_cast<size_t>(state.text);
    if (next == i) {
      state.text_room = kNoLimit;
    } else {
      state.text_room = next > i && states_[next].text_room < kNoLimit ? 1 + states_[next].text_room
                        : next > i                                     ? kNoLimit
                                                                       : 1;
    }
  }
}

Result<Grammar> GrammarBuilder::build(RuleId root, std::string key) && {
  if (too_large()) {
    return fail(ErrorCode::kTooLarge, "the schema is too large: its automaton has more than {} states",
                kMostStates);
  }
  find_needs();
  find_text_room();
  if (states_[static_cast<size_t>(start(root))].need > kMostFrames) {
    return fail(ErrorCode::kInvalidArgument,
                "no value fits the schema, or none that ends within {} levels of it", kMostFrames);
  }
  Grammar grammar;
  states_.emplace_back();
  grammar.states_ = std::move(states_);
  gather(bytes_, grammar.states_, &State::first_byte, grammar.bytes_);
  gather(calls_, grammar.states_, &State::first_call, grammar.calls_);
  gather(jumps_, grammar.states_, &State::first_jump, grammar.jumps_);
  for (const auto& [first, last] : rules_) grammar.starts_.push_back(first);
  grammar.root_ = root;
  grammar.key_ = std::move(key);
  return grammar;
}

}  // namespace riposte::constraint
