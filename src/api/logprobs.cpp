#include "api/logprobs.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <utility>

#include "api/error.h"

namespace riposte::api {
namespace {

namespace json = boost::json;

double finite(float logprob) {
  return std::max(static_cast<double>(logprob), kNeverLogprob);
}

json::string text_of(TokenId token, const tokenizer::Tokenizer& tokenizer) {
  return json::string(valid_utf8(tokenizer.token_bytes(token, /*with_control=*/true)));
}

json::object entry(const sampling::TokenLogprob& token, const tokenizer::Tokenizer& tokenizer) {
  json::array bytes;
  for (const char byte : tokenizer.token_bytes(token.token, /*with_control=*/true)) {
    bytes.push_back(static_cast<unsigned char>(byte));
  }
  return {{"token", text_of(token.token, tokenizer)},
          {"logprob", finite(token.logprob)},
          {"bytes", std::move(bytes)}};
}

}  // namespace

json::array logprobs_array(std::span<const sampling::Logprobs> logprobs,
                           const tokenizer::Tokenizer& tokenizer) {
  json::array list;
  for (const sampling::Logprobs& token : logprobs) {
    json::array top;
    for (const sampling::TokenLogprob& other : token.top) top.push_back(entry(other, tokenizer));
    json::object& added = list.emplace_back(entry(token.chosen, tokenizer)).get_object();
    added["top_logprobs"] = std::move(top);
  }
  return list;
}

json::object logprobs_columns(std::span<const sampling::Logprobs> logprobs,
                              const tokenizer::Tokenizer& tokenizer, int64_t& offset) {
  json::array tokens, values, tops, offsets;
  for (const sampling::Logprobs& token : logprobs) {
    const json::string text = text_of(token.chosen.token, tokenizer);
    json::object top;
    for (const sampling::TokenLogprob& other : token.top) {
      top[text_of(other.token, tokenizer)] = finite(other.logprob);
    }
    offsets.push_back(offset);
    offset += std::ranges::count_if(text, [](char byte) { return (byte & 0xC0) != 0x80; });
    tokens.push_back(text);
    values.push_back(finite(token.chosen.logprob));
    tops.push_back(std::move(top));
  }
  return {{"tokens", std::move(tokens)},
          {"token_logprobs", std::move(values)},
          {"top_logprobs", std::move(tops)},
          {"text_offset", std::move(offsets)}};
}

}  // namespace riposte::api
