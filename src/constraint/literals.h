// Fixed texts in a grammar.
#pragma once

#include <boost/json/value.hpp>
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "constraint/grammar_builder.h"

namespace riposte::constraint {

// A value in the one way in which the grammar lets it be written: without white space.
std::string written(const boost::json::value& value);

// Alternatives between two states that share what they begin with.
class Literals {
 public:
  Literals(GrammarBuilder& builder, StateId from, StateId to) : builder_(builder), from_(from), to_(to) {}
  void add(std::string_view bytes);  // not empty

 private:
  GrammarBuilder& builder_;
  const StateId from_, to_;
  std::map<std::pair<StateId, char>, StateId> steps_;
};

// Between `from` and `to`: a quoted name that is none of these. To be simple it does not allow every such
// name: the first character by which it differs from all of them is not an escape, and not one that shares
// its first byte with theirs.
void add_other_name(GrammarBuilder& builder, StateId from, std::span<const std::string> names, StateId to);

}  // namespace riposte::constraint
