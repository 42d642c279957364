// JSON schemas (https://json-schema.org/draft/2020-12) as grammars.
#pragma once

#include <boost/json/value.hpp>
#include <span>
#include <string>

#include "base/result.h"
#include "constraint/grammar.h"

namespace riposte::constraint {

// Any JSON object.
Result<Grammar> any_object_grammar();

// What the grammar allows is JSON that fits the schema; it does not allow every such text:
//  - properties come in the order of the schema; where "properties" are given, others come only if
//  "additionalProperties"
//    allows them explicitly, and behind them (names are not kept from coming twice);
//  - white space is that of JsonRules; values of "enum" and "const" are written in one way;
//  - a schema that says nothing about the type, but has keywords of one, means that type.
// Known: type (one or several), properties, required, additionalProperties, items, minItems, maxItems,
// minLength, maxLength, enum, const, anyOf, allOf of one schema, $ref into the same document (also
// recursive), $defs, definitions, and what only describes (title, description, default, examples, format,
// ...).
//
// Errors: kInvalidArgument, beginning with the place ("#/properties/age/minimum: ..."): a keyword that is not
// known, a value that a keyword cannot have, a schema that nothing fits; kTooLarge.
Result<Grammar> compile_schema(const boost::json::value& schema);

// A text between two fixed ones: what a schema allows (null: any object), as models write the arguments of a
// call.
struct Framed {
  std::string before;
  const boost::json::value* schema = nullptr;
  std::string behind;
};

// One of several. Errors: as above, the places beginning inside the schema at fault.
Result<Grammar> compile_alternatives(std::span<const Framed> alternatives);

}  // namespace riposte::constraint
