#include "constraint/token_trie.h"

#include <algorithm>
#include <optional>

#include "constraint/utf8_text.h"

namespace riposte::constraint {
namespace {

using Entry = std::pair<std::string_view, TokenId>;

// The characters of a token that is plain text in a JSON string, nothing for another.
std::optional<int32_t> plain_characters(std::string_view bytes) {
  const auto at = [bytes](size_t i) {
    return i < bytes.size() ? static_cast<uint8_t>(bytes[i]) : uint8_t{0};
  };
  int32_t characters = 0;
  for (size_t i = 0; i < bytes.size(); ++characters) {
    const int8_t kind = kTextBytes[at(i)];
    if (kind == kNoCharacter || kind == kEscape) return std::nullopt;
    size_t more = 0;
    uint8_t least = 0x80, most = 0xBF;  // of the second byte
    switch (kind) {
      case kOneMore:
        more = 1;
        break;
      case kTwoMore:
        more = 2;
        break;
      case kThreeMore:
        more = 3;
        break;
      case kAfterE0:
        more = 2;
        least = 0xA0;
        break;
      case kAfterED:
        more = 2;
        most = 0x9F;
        break;
      case kAfterF0:
        more = 3;
        least = 0x90;
        break;
      case kAfterF4:
        more = 3;
        most = 0x8F;
        break;
      default:
        break;
    }
    if (more > 0 && (at(i + 1) < least || at(i + 1) > most)) return std::nullopt;
    for (size_t k = 2; k <= more; ++k) {
      if ((at(i + k) & 0xC0) != 0x80) return std::nullopt;
    }
    i += 1 + more;
  }
  return characters;
}

}  // namespace

Trie::Trie(std::span<const Entry> entries) {
  std::vector<int32_t> path;  // the nodes of the last entry
  std::string_view before;
  const auto close = [&](size_t depth) {
    while (path.size() > depth) {
      nodes_[static_cast<size_t>(path.back())].end = size();
      path.pop_back();
    }
  };
  for (const auto& [bytes, token] : entries) {
    const auto shared = static_cast<size_t>(std::ranges::mismatch(bytes, before).in1 - bytes.begin());
    if (bytes != before || path.empty()) {
      close(shared);
      for (size_t i = shared; i < bytes.size(); ++i) {
        path.push_back(size());
        nodes_.push_back({0, static_cast<int32_t>(tokens_.size()), 0, static_cast<uint8_t>(bytes[i])});
      }
    }
    ++nodes_.back().tokens;
    tokens_.push_back(token);
    before = bytes;
  }
  close(0);
}

// The vocabulary in the order of its bytes.
struct TokenTrie::Sorted {
  std::vector<Entry> all;
  std::vector<Entry> without_plain;
  std::vector<std::pair<TokenId, int32_t>> plain;  // and their characters
  std::vector<TokenId> ends;

  Sorted(int32_t vocabulary, const BytesOf& bytes_of, const std::function<bool(TokenId)>& is_end) {
    for (TokenId token = 0; token < vocabulary; ++token) {
      if (is_end(token)) {
        ends.push_back(token);
        continue;
      }
      const std::string_view bytes = bytes_of(token);
      if (bytes.empty() || bytes.size() > kLongestToken) continue;
      all.emplace_back(bytes, token);
    }
    std::ranges::sort(all);
    for (const Entry& entry : all) {
      const std::optional<int32_t> characters = plain_characters(entry.first);
      if (characters && *characters <= kMostPlain) {
        plain.emplace_back(entry.second, *characters);
      } else {
        without_plain.push_back(entry);
      }
    }
  }
};

TokenTrie::TokenTrie(int32_t vocabulary, BytesOf bytes, const std::function<bool(TokenId)>& is_end)
    : TokenTrie(vocabulary, bytes, Sorted(vocabulary, bytes, is_end)) {}

TokenTrie::TokenTrie(int32_t vocabulary, BytesOf bytes, Sorted sorted)
    : bytes_(std::move(bytes)),
      words_((static_cast<size_t>(vocabulary) + 63) / 64),
      all_(sorted.all),
      without_plain_(sorted.without_plain),
      plain_(static_cast<size_t>(kMostPlain) + 1, TokenSet(words_)),
      ends_(std::move(sorted.ends)) {
  for (const auto& [token, characters] : sorted.plain) {
    for (int32_t most = characters; most <= kMostPlain; ++most)
      insert(plain_[static_cast<size_t>(most)], token);
  }
}

}  // namespace riposte::constraint
