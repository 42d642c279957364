// A small vocabulary for tests of drafting: pieces of text, the longest first; single bytes for all else.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "drafting/vocabulary.h"

namespace riposte::drafting {

class ToyVocabulary final : public Vocabulary {
 public:
  static constexpr TokenId kEnd = 256;  // tokens below it are bytes

  explicit ToyVocabulary(std::vector<std::string> pieces) {
    for (int byte = 0; byte < 256; ++byte) pieces_.emplace_back(1, static_cast<char>(byte));
    pieces_.emplace_back();
    pieces_.insert(pieces_.end(), pieces.begin(), pieces.end());
  }

  int32_t size() const override { return static_cast<int32_t>(pieces_.size()); }
  std::string_view bytes(TokenId token) const override {
    return token >= 0 && token < size() ? std::string_view(pieces_[static_cast<size_t>(token)])
                                        : std::string_view();
  }
  void encode(std::string_view text, std::vector<TokenId>& out) const override {
    while (!text.empty()) {
      TokenId best = static_cast<unsigned char>(text[0]);
      for (TokenId token = kEnd + 1; token < size(); ++token) {
        if (text.starts_with(bytes(token)) && bytes(token).size() > bytes(best).size()) best = token;
      }
      out.push_back(best);
      text.remove_prefix(bytes(best).size());
    }
  }
  TokenId end() const override { return kEnd; }

  std::vector<TokenId> tokens(std::string_view text) const {
    std::vector<TokenId> out;
    encode(text, out);
    return out;
  }
  std::string text(const std::vector<TokenId>& tokens) const {
    std::string out;
    for (const TokenId token : tokens) out += token == kEnd ? "<end>" : std::string(bytes(token));
    return out;
  }

 private:
  std::vector<std::string> pieces_;
};

// Words of a few sentences, some of them in several pieces.
inline const ToyVocabulary& toy_vocabulary() {
  static const ToyVocabulary vocabulary(
      {"She",     " She",   "she",           " she",    " go",  " goes",    " went",  " to",
       " school", " every", " day",          " days",   ".",    ",",        "!",      " the",
       " The",    "The",    " technologies", " te",     "cn",   "ologies",  " are",   " new",
       "New",     " New",   " and",          " old",    "Here", " friends", " like",  " them",
       " a",      " in",    " it",           " in",     "side", " and",     " house", " garden",
       " big",    " very",  " however",      "However", " why", "?",        " but",   " red",
       " roses",  " full",  " of",           " was"});
  return vocabulary;
}

}  // namespace riposte::drafting
