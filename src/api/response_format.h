// "response_format" and its relatives: what form an answer must have.
#pragma once

#include <boost/json/value.hpp>
#include <memory>

#include "api/error.h"
#include "api/fields.h"
#include "constraint/grammar.h"

namespace riposte::api {

// Null: any text.
using Constraint = std::shared_ptr<const constraint::Grammar>;

// The form of an answer, if it must have one.
struct AnswerForm {
  Constraint grammar;
  boost::json::value schema;  // of which it was made; null: any object

  explicit operator bool() const { return grammar != nullptr; }
};

// Errors of all three: 400 with the field's name; what is wrong inside a schema is named in the message by
// its place,
// "#/properties/age/minimum". constraint/schema.h says which schemas are understood. "strict" changes
// nothing: an answer always fits its schema.

// OpenAI's: {"type": "text"}, {"type": "json_object"} or {"type": "json_schema", "json_schema": {"schema":
// ...}}.
void read_response_format(Fields& fields, AnswerForm& out);
// The same in "text.format" of /v1/responses, where the schema stands beside the type.
void read_text_format(Fields& fields, AnswerForm& out);
// Ollama's "format": "json", or a schema.
void read_ollama_format(Fields& fields, AnswerForm& out);

// A grammar, or the error that belongs to the field `param`.
ApiResult<Constraint> shared_grammar(Result<constraint::Grammar> grammar, const std::string& param);

}  // namespace riposte::api
