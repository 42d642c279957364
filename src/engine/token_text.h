// What the engine asks of a tokenizer, so that it runs without one in tests.
#pragma once

#include <string_view>

#include "base/token.h"

namespace riposte::engine {

class TokenText {
 public:
  virtual ~TokenText() = default;
  virtual std::string_view bytes(
      TokenId token) const = 0;                  // control tokens have none; may be part of a character
  virtual bool is_end(TokenId token) const = 0;  // the token ends an answer
};

}  // namespace riposte::engine
