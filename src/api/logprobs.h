// Log-probabilities in the two forms that OpenAI's endpoints give them.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <span>

#include "sampling/logprobs.h"
#include "tokenizer/tokenizer.h"

namespace riposte::api {

// What stands for minus infinity, which JSON cannot say: the value that OpenAI documents for a token that is
// not among the most likely.
inline constexpr double kNeverLogprob = -9999.0;

// Of chats: [{"token", "logprob", "bytes", "top_logprobs": [...]}]. A token that is a part of a character has
// its bytes in "bytes" and U+FFFD in "token".
boost::json::array logprobs_array(std::span<const sampling::Logprobs> logprobs,
                                  const tokenizer::Tokenizer& tokenizer);

// Of completions: {"tokens", "token_logprobs", "top_logprobs", "text_offset"}; offsets in characters, counted
// on from `offset`, which is moved behind the last token.
boost::json::object logprobs_columns(std::span<const sampling::Logprobs> logprobs,
                                     const tokenizer::Tokenizer& tokenizer, int64_t& offset);

}  // namespace riposte::api
