// "tools" and "tool_choice": which calls an answer may hold, and which it must.
#pragma once

#include <boost/json/array.hpp>
#include <string>

#include "api/error.h"
#include "api/fields.h"
#include "api/response_format.h"
#include "api/tool_calls.h"

namespace riposte::api {

struct ToolChoice {
  bool must_call = false;  // the answer is one call
  std::string only;        // of this tool; empty: of any
};

// "tools": an array of objects, for the template.
void read_tools(Fields& fields, boost::json::array& out);

// "tool_choice": "auto", "none" (which takes the tools away), "required", or the name of one in
// {"type": "function", "function": {"name": ...}} or, as in /v1/responses, {"type": "function", "name": ...}.
// Errors: 400, a name that no tool has.
void read_tool_choice(Fields& fields, boost::json::array& tools, ToolChoice& out);

// An answer that is one call, its arguments what "parameters" of the tool say; or, where `otherwise` is not null,
// one of that form.
// Errors: 400, a tool without a name, parameters that constraint/schema.h does not understand; with the
// tool's place.
ApiResult<Constraint> call_constraint(const boost::json::array& tools, const ToolChoice& choice,
                                      ToolFormat format, const AnswerForm* otherwise = nullptr);

}  // namespace riposte::api
