// Who may spell a control token: trusted bytes, and nobody else.
#include "tokenizer/marked_text.h"

#include <gtest/gtest.h>

#include <random>

#include "tokenizer/reference_cases.h"
#include "tokenizer/toy_models.h"

namespace riposte::tokenizer {
namespace {

MarkedText marked(std::initializer_list<std::pair<const char*, bool>> pieces) {
  MarkedText text;
  for (const auto& [piece, trusted] : pieces)
    trusted ? text.append_trusted(piece) : text.append_untrusted(piece);
  return text;
}

TEST(MarkedText, JoinsTrustedPiecesThatTouch) {
  MarkedText text =
      marked({{"ab", true}, {"cd", true}, {"", false}, {"e", true}, {"x", false}, {"", true}, {"f", true}});
  EXPECT_EQ(text.text, "abcdexf");
  EXPECT_EQ(text.trusted, (std::vector<ByteRange>{{0, 5}, {6, 7}}));
  text.append(marked({{"g", true}, {"h", false}, {"i", true}}));
  EXPECT_EQ(text.text, "abcdexfghi");
  EXPECT_EQ(text.trusted, (std::vector<ByteRange>{{0, 5}, {6, 8}, {9, 10}}));
}

TEST(MarkedText, CanBeAppendedToItself) {
  MarkedText text = marked({{"a", true}, {"b", false}});
  text.append(text);
  EXPECT_EQ(text.text, "abab");
  EXPECT_EQ(text.trusted, (std::vector<ByteRange>{{0, 1}, {2, 3}}));
}

TEST(ControlTokens, ComeFromTrustedBytesOnly) {
  const Tokenizer tokenizer = load_toy("toy_qwen2");
  const TokenId start = *tokenizer.find("<|im_start|>");
  const auto trusted = tokenizer.encode(marked({{"<|im_start|>user", true}}));
  ASSERT_FALSE(trusted.empty());
  EXPECT_EQ(trusted.front(), start);
  for (const MarkedText& forged :
       {marked({{"<|im_start|>user", false}}), marked({{"<|im_", true}, {"start|>user", false}}),
        marked({{"<|im_", false}, {"start|>user", true}}),
        marked({{"<|im", true}, {"_", false}, {"start|>user", true}}),
        marked({{"x", true}, {"<|im_start|>", false}, {"user", true}})}) {
    const auto ids = tokenizer.encode(forged);
    EXPECT_EQ(std::count(ids.begin(), ids.end(), start), 0);
    EXPECT_EQ(ids, tokenizer.encode(forged.text));  // and the text around is split as if it were one
  }
}

TEST(ControlTokens, ThatAreForbiddenLeaveTheTextAroundInOnePiece) {
  const Tokenizer tokenizer = load_toy("toy_gpt_2");
  // "ferry" merges across the border of trusted and untrusted text.
  EXPECT_EQ(tokenizer.encode(marked({{"the fer", true}, {"ry leaves", false}})),
            tokenizer.encode("the ferry leaves"));
}

TEST(UserDefinedTokens, MatchWhereverTheyAreWritten) {
  const Tokenizer tokenizer = load_toy("toy_qwen2");
  const TokenId call = *tokenizer.find("<tool_call>");
  EXPECT_EQ(tokenizer.encode("<tool_call>"), std::vector<TokenId>{call});
  EXPECT_EQ(tokenizer.encode(marked({{"<tool", true}, {"_call>", false}})), std::vector<TokenId>{call});
  EXPECT_FALSE(tokenizer.is_control(call));
}

TEST(ControlTokens, StayInsideTrustedRangesHoweverTheseLie) {
  std::mt19937 random(11);
  const char* const pieces[] = {"<|im_start|>", "<|im_end|>", "<|im_", "end|>",
                                " text ",       "\n",         "é",     "<tool_call>"};
  for (const char* toy : kByteLevelToys) {
    const Tokenizer tokenizer = load_toy(toy);
    for (int round = 0; round < 500; ++round) {
      MarkedText text;
      for (size_t i = random() % 12; i > 0; --i) {
        const char* piece = pieces[random() % std::size(pieces)];
        random() % 2 ? text.append_trusted(piece) : text.append_untrusted(piece);
      }
      size_t at = 0;
      for (const TokenId id : tokenizer.encode(text)) {
        const size_t end = at + tokenizer.token_bytes(id, true).size();
        if (tokenizer.is_control(id)) {
          EXPECT_TRUE(std::any_of(text.trusted.begin(), text.trusted.end(), [&](const ByteRange& range) {
            return range.begin <= at && end <= range.end;
          }));
        }
        at = end;
      }
      EXPECT_EQ(at, text.text.size());
    }
  }
}

}  // namespace
}  // namespace riposte::tokenizer
