#include "api/token_input.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <limits>
#include <utility>

namespace riposte::api {
namespace {

namespace json = boost::json;

ApiResult<std::vector<TokenId>> read_tokens(const json::array& array, const std::string& place) {
  std::vector<TokenId> tokens;
  tokens.reserve(array.size());
  for (const json::value& value : array) {
    if (!value.is_int64() || value.get_int64() < 0 ||
        value.get_int64() > std::numeric_limits<TokenId>::max()) {
      return bad_request(place, fmt::format("'{}' must hold token ids, found {}", place, describe(value)));
    }
    tokens.push_back(static_cast<TokenId>(value.get_int64()));
  }
  return tokens;
}

}  // namespace

std::string TokenInputs::place(std::string_view name, size_t index) const {
  return is_list ? fmt::format("{}[{}]", name, index) : std::string(name);
}

void read_inputs(Fields& fields, std::string_view name, size_t most, TokenInputs& out) {
  const json::value* input = fields.any(name);
  if (!fields.ok()) return;
  if (!input) {
    return fields.refuse_with(
        bad_request(std::string(name), fmt::format("'{}' is missing: expected a string, token ids, or an array of either", name)));
  }
  out.is_list = input->is_array() && !input->get_array().empty() &&
                (input->get_array()[0].is_string() || input->get_array()[0].is_array());
  const json::array one{*input};
  const json::array& list = out.is_list ? input->get_array() : one;
  if (list.size() > most) return fields.refuse(name, fmt::format("at most {} of them", most), *input);
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string place = out.place(name, i);
    if (const json::string* text = list[i].if_string()) {
      out.list.emplace_back(std::string(text->data(), text->size()));
    } else if (const json::array* array = list[i].if_array()) {
      auto tokens = read_tokens(*array, place);
      if (!tokens) return fields.refuse_with(tl::unexpected(tokens.error()));
      out.list.emplace_back(std::move(*tokens));
    } else {
      return fields.refuse(place, "a string, token ids, or an array of either", list[i]);
    }
  }
}

ApiResult<std::vector<TokenId>> tokens_of(const TokenInput& input, const ServedModel& model,
                                          const std::string& place) {
  std::vector<TokenId> tokens;
  if (const auto* text = std::get_if<std::string>(&input)) {
    if (model.tokenizer.adds_bos() && model.tokenizer.bos() != kNoToken) {
      tokens.push_back(model.tokenizer.bos());
    }
    model.tokenizer.encode_into(*text, tokens);
  } else {
    tokens = std::get<std::vector<TokenId>>(input);
  }
  if (tokens.empty()) return bad_request(place, fmt::format("'{}' has no token", place));
  const size_t vocabulary = model.tokenizer.vocabulary_size();
  for (const TokenId token : tokens) {
    if (static_cast<size_t>(token) >= vocabulary) {
      return bad_request(place, fmt::format("'{}' has the token {}, but the ids of this model end at {}",
                                            place, token, vocabulary - 1));
    }
  }
  return tokens;
}

}  // namespace riposte::api
