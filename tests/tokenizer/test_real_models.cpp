// The three published models against ids from the Hugging Face `tokenizers` package. Skipped where the files
// are absent.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>

#include "gguf/file.h"
#include "tokenizer/reference_cases.h"
#include "tokenizer/tokenizer.h"

namespace riposte::tokenizer {
namespace {

namespace fs = std::filesystem;

fs::path environment_or(const char* name, const fs::path& otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr ? fs::path(value) : otherwise;
}

class RealModel : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const char* home = std::getenv("HOME");
    const fs::path riposte_home =
        environment_or("RIPOSTE_HOME", fs::path(home != nullptr ? home : ".") / ".cache/riposte");
    const fs::path path = riposte_home / "models" / (std::string(GetParam()) + ".gguf");
    if (!fs::exists(path)) GTEST_SKIP() << "the model " << path << " is not here";
    const auto file = gguf::File::open(path);
    ASSERT_TRUE(file) << file.error().message;
    auto loaded = Tokenizer::from_gguf(*file);
    ASSERT_TRUE(loaded) << loaded.error().message;
    tokenizer_.emplace(std::move(*loaded));
  }

  fs::path shared(const char* name) const {
    return environment_or("RIPOSTE_SHARED", fs::path(RIPOSTE_SOURCE_DIR) / "../shared") / "reference" /
           GetParam() / name;
  }

  void expect_equal(const std::vector<ReferenceCase>& cases) const {
    for (const ReferenceCase& expected : cases) {
      MarkedText trusted;
      trusted.append_trusted(expected.text);
      const auto ids =
          expected.parse_special ? tokenizer_->encode(trusted) : tokenizer_->encode(expected.text);
      EXPECT_EQ(ids, expected.ids) << "text: " << expected.text;
    }
  }

  std::optional<Tokenizer> tokenizer_;
};

TEST_P(RealModel, GivesTheSharedReferenceIds) {
  const auto cases = read_cases(shared("tokenizer.jsonl"));
  if (cases.empty()) GTEST_SKIP() << "no shared reference cases at " << shared("tokenizer.jsonl");
  expect_equal(cases);
}

TEST_P(RealModel, FollowsTheHuggingFaceTokenizerWhereLibrariesDiffer) {
  const auto cases = read_cases(shared("disagreements.jsonl"), "hf_tokenizers");
  if (cases.empty()) GTEST_SKIP() << "no disagreements at " << shared("disagreements.jsonl");
  expect_equal(cases);
}

TEST_P(RealModel, GivesTheIdsOfTheHuggingFaceTokenizerForOurOwnTexts) {
  const auto cases = read_cases(fs::path(RIPOSTE_SOURCE_DIR) / "tests/tokenizer/data" /
                                (std::string(GetParam()) + ".jsonl"));
  ASSERT_GT(cases.size(), 100u);
  expect_equal(cases);
}

INSTANTIATE_TEST_SUITE_P(Tokenizers, RealModel,
                         testing::Values("smollm2-135m-instruct-q4_1", "qwen2.5-coder-1.5b-instruct-q4_k_m",
                                         "gemma-3-270m-q4_k_m"));

}  // namespace
}  // namespace riposte::tokenizer
