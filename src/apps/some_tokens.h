// Ordinary token ids for measuring.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/token.h"
#include "tokenizer/tokenizer.h"

namespace riposte::apps {

// A text of everyday sentences, again and again: what a server reads. Tokens drawn at random would make the output head
// look worse than it is, because no word stands out after them (executor/cpu/screened_head.h). Of a vocabulary that
// cannot write the text: token 0.
inline std::vector<TokenId> some_tokens(int32_t count, const tokenizer::Tokenizer& tokenizer) {
  static constexpr std::string_view kText =
      "The kitchen window looks out on a small yard where my neighbour keeps three bicycles and an old boat. Every "
      "spring he paints the boat, and every autumn he says that next year it will see the water. We were talking about "
      "it yesterday when his daughter came home from school with a letter from her teacher. She has been chosen to play "
      "the violin at the town hall in June, so the whole family will need tickets, a dress and a great deal of "
      "patience. Could you please send me the list of rooms by Friday? I would like to book two of them before the "
      "prices go up again. If the train is late, take the bus from the north gate; it leaves at ten past every hour and "
      "stops right in front of the museum. Nobody knows exactly why the lights went out, but the engineers found a wet "
      "cable behind the third pump. They replaced it within an hour and wrote a short report, which says that the "
      "machine was never in danger. He apologised twice, ordered another coffee and went on reading the newspaper. ";
  std::vector<TokenId> tokens = tokenizer.encode(kText);
  if (tokens.empty()) tokens.push_back(0);
  const size_t once = tokens.size();
  tokens.resize(static_cast<size_t>(count));
  for (size_t i = once; i < tokens.size(); ++i) tokens[i] = tokens[i - once];
  return tokens;
}

}  // namespace riposte::apps
