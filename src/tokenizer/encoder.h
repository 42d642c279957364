// What the two kinds of tokeniser differ in: how a stretch of text between added tokens becomes ids.
#pragma once

#include <string_view>
#include <vector>

#include "base/token.h"

namespace riposte::tokenizer {

// Longer stretches are cut (positions inside one have 32 bits, and a space mark may be put before it).
inline constexpr size_t kLongestStretchBytes = size_t{1} << 30;

class Encoder {
 public:
  virtual ~Encoder() = default;
  // Appends the ids of `stretch`, which holds any bytes, at least one and at most kLongestStretchBytes.
  virtual void encode(std::string_view stretch, std::vector<TokenId>& out) const = 0;
};

}  // namespace riposte::tokenizer
