// A vocabulary for tests of constraints: an end token, every byte, and pieces of JSON that cut across its
// grammar.
#pragma once

#include <boost/json.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "constraint/matcher.h"
#include "constraint/schema.h"
#include "constraint/token_trie.h"

namespace riposte::constraint {

class ToyTokens {
 public:
  static constexpr TokenId kEnd = 0;

  ToyTokens() {
    bytes_.emplace_back();
    for (int byte = 0; byte < 256; ++byte) bytes_.emplace_back(1, static_cast<char>(byte));
    for (const char* piece : {"{\"",
                              "\":",
                              "\": ",
                              "\", \"",
                              "\",\"",
                              "\"}",
                              "}}",
                              "}]",
                              "},{",
                              "[{",
                              "[]",
                              "{}",
                              ", ",
                              "\n  ",
                              "\n    ",
                              "true",
                              "false",
                              "null",
                              "tr",
                              "12",
                              "0.5",
                              "-1",
                              "e+5",
                              "name",
                              "na",
                              "me\":",
                              " word",
                              " words",
                              "ü",
                              "€",
                              "\xE2\x82",
                              "😀",
                              "\\n",
                              "\\u00",
                              "\\\"",
                              "\\",
                              "\"name\"",
                              "\"a\":",
                              "a",
                              "abc",
                              "            ",
                              "x\"",
                              "\"\"",
                              "}\n",
                              "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
                              "name"}) {
      bytes_.emplace_back(piece);
    }
    trie = std::make_shared<TokenTrie>(
        size(), [this](TokenId token) { return bytes(token); }, [](TokenId token) { return token == kEnd; });
  }
  int32_t size() const { return static_cast<int32_t>(bytes_.size()); }
  std::string_view bytes(TokenId token) const { return bytes_[static_cast<size_t>(token)]; }

  std::shared_ptr<const TokenTrie> trie;

 private:
  std::vector<std::string> bytes_;
};

inline const ToyTokens& toy_tokens() {
  static const ToyTokens tokens;
  return tokens;
}

inline Result<Grammar> compile(std::string_view schema) {
  return compile_schema(boost::json::parse({schema.data(), schema.size()}));
}

inline Matcher match(std::string_view schema) {
  return Matcher(std::make_shared<Grammar>(compile(schema).value()), toy_tokens().trie);
}

// Whether the text as a whole fits.
inline bool fits(std::string_view schema, std::string_view text) {
  Matcher matcher = match(schema);
  matcher.accept(text);
  return matcher.complete();
}

inline bool may_begin(std::string_view schema, std::string_view text) {
  return match(schema).allows(text);
}

}  // namespace riposte::constraint
