#include "apps/draft_cases.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace riposte::apps {
namespace {

std::filesystem::path file_of(const std::string& lines) {
  const auto path = std::filesystem::path(testing::TempDir()) / "draft_cases.jsonl";
  std::ofstream(path) << lines;
  return path;
}

TEST(DraftCases, AreReadAsRewritePrintsThem) {
  const auto cases = read_draft_cases(file_of(
      R"({"source":"he go","text":"He goes.","finish_reason":"stop","prompt_tokens":40,"cached_tokens":30}
{"source":"a","text":"b","finish_reason":"length","prediction":"c"}

{"source":"x","error":"it was too long"}
)"));
  ASSERT_TRUE(cases) << cases.error().message;
  ASSERT_EQ(cases->size(), 2u);
  EXPECT_EQ((*cases)[0].answer, "He goes.");
  EXPECT_EQ((*cases)[0].prompt_rows, 10);
  EXPECT_TRUE((*cases)[0].ended);
  EXPECT_EQ((*cases)[1].prediction, "c");
  EXPECT_FALSE((*cases)[1].ended);
}

TEST(DraftCases, WrongLinesAreNamed) {
  for (const char* wrong : {"no json", "[1]", R"({"source":"a"})"}) {
    const auto cases =
        read_draft_cases(file_of(std::string("{\"source\":\"a\",\"text\":\"b\"}\n") + wrong + "\n"));
    ASSERT_FALSE(cases) << wrong;
    EXPECT_EQ(cases.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(cases.error().message.find("line 2"), std::string::npos) << cases.error().message;
  }
  EXPECT_EQ(read_draft_cases("/nowhere/cases.jsonl").error().code, ErrorCode::kNotFound);
}

TEST(DraftCases, SpacingIsNoEditAndWordsCountInRelationToTheSource) {
  EXPECT_EQ(edited_share("she walks , slowly .", "She walks, slowly."), 0.0);
  EXPECT_EQ(edited_share("She walk to school.", "She walks to school."), 0.25);
  EXPECT_EQ(edited_share("One two", "One and two more words"), 1.5);
  EXPECT_EQ(edited_share("", ""), 0.0);
  EXPECT_EQ(edited_share("", "word"), 1.0);
}

}  // namespace
}  // namespace riposte::apps
