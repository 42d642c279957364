// Ids against those of the Hugging Face `tokenizers` package on the toy vocabularies.
#include <gtest/gtest.h>

#include "tokenizer/reference_cases.h"
#include "tokenizer/toy_models.h"

namespace riposte::tokenizer {
namespace {

class ToyVocabulary : public testing::TestWithParam<const char*> {};

TEST_P(ToyVocabulary, GivesTheIdsOfTheHuggingFaceTokenizer) {
  const Tokenizer tokenizer = load_toy(GetParam());
  const auto cases = read_cases(data_path(std::string(GetParam()) + ".jsonl"));
  ASSERT_GT(cases.size(), 50u);
  for (const ReferenceCase& expected : cases) {
    MarkedText trusted;
    trusted.append_trusted(expected.text);
    const auto ids = expected.parse_special ? tokenizer.encode(trusted) : tokenizer.encode(expected.text);
    EXPECT_EQ(ids, expected.ids) << "text: " << expected.text;
  }
}

TEST_P(ToyVocabulary, MarkedTextWithoutTrustedBytesIsPlainText) {
  const Tokenizer tokenizer = load_toy(GetParam());
  for (const ReferenceCase& any : read_cases(data_path(std::string(GetParam()) + ".jsonl"))) {
    MarkedText untrusted;
    untrusted.append_untrusted(any.text);
    EXPECT_EQ(tokenizer.encode(untrusted), tokenizer.encode(any.text)) << "text: " << any.text;
  }
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, ToyVocabulary, testing::ValuesIn(kAllToys));

}  // namespace
}  // namespace riposte::tokenizer
