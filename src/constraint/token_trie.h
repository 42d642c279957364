// A vocabulary by its bytes, so that tokens that begin alike are looked at once.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/token.h"
#include "constraint/token_set.h"

namespace riposte::constraint {

// Nodes in the order of a walk that takes a node before its children: those of node i are i + 1, its end, and
// so on up to end(i).
class Trie {
 public:
  struct Node {
    int32_t end = 0;  // behind the last node below this one
    int32_t first_token = 0;
    int32_t tokens = 0;  // that end here: several may have the same bytes
    uint8_t byte = 0;
  };

  // Entries in ascending order of bytes.
  explicit Trie(std::span<const std::pair<std::string_view, TokenId>> entries);

  int32_t size() const { return static_cast<int32_t>(nodes_.size()); }
  const Node& node(int32_t index) const { return nodes_[static_cast<size_t>(index)]; }
  std::span<const TokenId> tokens(const Node& node) const {
    return std::span(tokens_).subspan(static_cast<size_t>(node.first_token),
                                      static_cast<size_t>(node.tokens));
  }

 private:
  std::vector<Node> nodes_;
  std::vector<TokenId> tokens_;
};

// What a model's tokens mean to a constraint. Immutable.
class TokenTrie {
 public:
  // Longer tokens, and those without bytes, are never allowed.
  static constexpr size_t kLongestToken = 256;
  static constexpr int32_t kMostPlain = 32;

  using BytesOf = std::function<std::string_view(TokenId)>;

  // `bytes` of a token, empty for control tokens; they must stay where they are. `is_end`: the token ends an
  // answer.
  TokenTrie(int32_t vocabulary, BytesOf bytes, const std::function<bool(TokenId)>& is_end);

  std::string_view bytes(TokenId token) const { return bytes_(token); }
  bool is_end(TokenId token) const { return std::ranges::binary_search(ends_, token); }
  size_t words() const { return words_; }  // of a TokenSet
  const Trie& all() const { return all_; }
  // Inside a string most tokens are plain: up to kMostPlain whole characters that a JSON string may hold as
  // they are. Whether they may follow says their length alone; only the others need to be walked through.
  const Trie& without_plain() const { return without_plain_; }
  const TokenSet& plain(int32_t most_characters) const {
    return plain_[static_cast<size_t>(most_characters < kMostPlain ? most_characters : kMostPlain)];
  }
  std::span<const TokenId> ends() const { return ends_; }

 private:
  struct Sorted;
  TokenTrie(int32_t vocabulary, BytesOf bytes, Sorted sorted);

  const BytesOf bytes_;
  size_t words_;
  Trie all_;
  Trie without_plain_;
  std::vector<TokenSet> plain_;  // [0 .. kMostPlain]: tokens of at most so many characters
  std::vector<TokenId> ends_;    // ascending
};

}  // namespace riposte::constraint
