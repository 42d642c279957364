// Finding the tokens that are matched as a whole before anything else looks at a text: user-defined ones
// anywhere, control ones only where the text is trusted.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "base/token.h"
#include "tokenizer/vocabulary.h"

namespace riposte::tokenizer {

class AddedTokens {
 public:
  struct Match {
    TokenId id = kNoToken;
    size_t length = 0;  // bytes; 0 if nothing matches
  };

  explicit AddedTokens(const Vocabulary& vocabulary);

  // The longest added token that begins at byte `at` of `text`. A control token must end by `trusted_end`,
  // one past the last trusted byte in one stretch with `at` (or `at` itself where nothing is trusted).
  Match match(std::string_view text, size_t at, size_t trusted_end) const;

 private:
  struct Entry {
    std::string text;
    TokenId id;
    bool is_control;
  };

  std::vector<Entry> entries_;              // sorted by text
  std::array<bool, 256> begins_user_{};     // whether some user-defined token begins with this byte
  std::array<bool, 256> begins_control_{};  // the same for control tokens
};

}  // namespace riposte::tokenizer
