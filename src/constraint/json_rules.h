// The rules of JSON (RFC 8259) that schemas are made of.
#pragma once

#include "constraint/grammar_builder.h"

namespace riposte::constraint {

// Numbers are short enough for a double: 18 digits before the point, 16 behind it, 2 in the exponent. White
// space is what people write: nothing, one space, or a line break and an indentation; a model that would go
// on with spaces for ever is kept from it.
struct JsonRules {
  explicit JsonRules(GrammarBuilder& builder);

  RuleId space;
  RuleId string;
  RuleId integer;
  RuleId number;
  RuleId boolean;
  RuleId null;
  RuleId object;  // any members
  RuleId array;   // any items
  RuleId value;   // any of these
};

// Between `from` and `to`: a JSON string of `least` to `most` characters; kNoLimit: of any length.
void add_string(GrammarBuilder& builder, StateId from, int32_t least, int32_t most, StateId to);

}  // namespace riposte::constraint
