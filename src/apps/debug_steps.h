// What `riposte debug` does with one case: fields are added to the object of the case, whose own fields stay.
//
// Names and meanings of the fields:
//   tokenize    {"text", "parse_special"?}                       -> "ids"
//   detokenize  {"ids"}                                          -> "text"
//   render      {"messages", "add_generation_prompt"?, "tools"?} -> "rendered"
//   logits      {"ids"}              -> "top" (20 [id, logit] pairs of the last position, falling),
//   "logsumexp" (of the last
//               position), "nll" (mean negative log-likelihood of ids 1 .. n-1) and "nll_first" (of id 1
//               alone), null for a single id
//   generate    {"prompt_ids", "max_tokens"?} -> "continuation_ids" (greedy; an end token is the last of
//   them), "margins"
//               (highest logit minus the second highest, at each step)
//
// logits and generate: by the executor's first adapter, if it has any.
#pragma once

#include <boost/json/object.hpp>

#include "base/result.h"
#include "chat/template.h"
#include "model/executor.h"
#include "tokenizer/tokenizer.h"

namespace riposte::apps {

// Errors of all: kInvalidArgument (a field is missing or of the wrong kind: it is named), and those of what
// they call.
Result<void> debug_tokenize(const tokenizer::Tokenizer& tokenizer, boost::json::object& entry);
Result<void> debug_detokenize(const tokenizer::Tokenizer& tokenizer, boost::json::object& entry);
Result<void> debug_render(const chat::Template& chat_template, const tokenizer::Tokenizer& tokenizer,
                          boost::json::object& entry);
Result<void> debug_logits(model::Executor& executor, boost::json::object& entry);
Result<void> debug_generate(model::Executor& executor, const tokenizer::Tokenizer& tokenizer,
                            boost::json::object& entry);

}  // namespace riposte::apps
