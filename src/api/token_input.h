// What a request may give as text or as the model's own token ids: "prompt", "input".
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/fields.h"
#include "api/served_model.h"

namespace riposte::api {

using TokenInput = std::variant<std::string, std::vector<TokenId>>;

struct TokenInputs {
  std::vector<TokenInput> list;
  bool is_list = false;  // it was written as an array of inputs, not as one

  // The name of input `index` in complaints: "input", or "input[3]".
  std::string place(std::string_view name, size_t index) const;
};

// The field `name`: a string, token ids, or an array of up to `most` of either. Complains where it is missing.
void read_inputs(Fields& fields, std::string_view name, size_t most, TokenInputs& out);

// With the token that the model wants before every text. Errors: 400 with `place`: no token at all, one that the
// vocabulary does not have.
ApiResult<std::vector<TokenId>> tokens_of(const TokenInput& input, const ServedModel& model, const std::string& place);

}  // namespace riposte::api
