// Where the tokens of a rewritten text came from, as places in the text.
#pragma once

#include <boost/json/array.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "engine/request.h"
#include "rewrite/difference.h"
#include "tokenizer/tokenizer.h"

namespace riposte::api {

// The answer for one part of a text.
struct TracedPart {
  rewrite::ByteRange in_result;                // where it stands in the result
  std::vector<engine::TokenTrace> trace = {};  // of its tokens; none: the answer was known
};

// Of each token that has text of its own: {"begin", "end", "origin"}, in the order of the text. Offsets are in characters
// of the result; the origin is "copied" (guessed from the source), "guessed" (otherwise), "computed", or "known", which is
// told once for a part.
boost::json::array origins_array(std::string_view result, std::span<const TracedPart> parts,
                                 const tokenizer::Tokenizer& tokenizer);

}  // namespace riposte::api
