#include "apps/line_reader.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace riposte::apps {
namespace {

class LineReaderTest : public testing::Test {
 protected:
  ~LineReaderTest() override { std::filesystem::remove(path_); }

  // All lines of a file with this content; "<too long>" for a line that is.
  std::vector<std::string> lines_of(const std::string& content) {
    std::ofstream(path_, std::ios::binary) << content;
    auto reader = LineReader::open(path_);
    EXPECT_TRUE(reader);
    std::vector<std::string> lines;
    for (;;) {
      auto line = reader->next();
      if (!line) {
        EXPECT_EQ(line.error().code, ErrorCode::kTooLarge);
        lines.emplace_back("<too long>");
      } else if (!*line) {
        EXPECT_EQ(reader->line_number(), lines.size());
        return lines;
      } else {
        lines.push_back(std::move(**line));
      }
    }
  }

  const std::filesystem::path path_ = std::filesystem::path(testing::TempDir()) / "line_reader_test.txt";
};

using Lines = std::vector<std::string>;

TEST_F(LineReaderTest, SplitsAtLineEndsOfBothKinds) {
  EXPECT_EQ(lines_of("a\nb\r\n\nc"), (Lines{"a", "b", "", "c"}));
  EXPECT_EQ(lines_of("a\n"), (Lines{"a"}));
  EXPECT_EQ(lines_of("\n"), (Lines{""}));
  EXPECT_EQ(lines_of(""), Lines{});
}

TEST_F(LineReaderTest, KeepsZeroBytesAndLoneCarriageReturns) {
  EXPECT_EQ(lines_of(std::string("a\0b\n", 4) + "c\rd\n"), (Lines{std::string("a\0b", 3), "c\rd"}));
}

TEST_F(LineReaderTest, ALineOfExactlyTheLimitIsWholeAndOneMoreIsRefusedWithoutHarmToTheNext) {
  const std::string longest(LineReader::kMaxLineBytes, 'x');
  EXPECT_EQ(lines_of(longest + "\nb\n"), (Lines{longest, "b"}));
  EXPECT_EQ(lines_of("a\n" + longest + "xx\nb\n"), (Lines{"a", "<too long>", "b"}));
  EXPECT_EQ(lines_of(longest + longest + longest), (Lines{"<too long>"}));
}

TEST_F(LineReaderTest, AnAbsentFileIsNotFound) {
  const auto reader = LineReader::open(path_.string() + ".absent");
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::kNotFound);
}

TEST_F(LineReaderTest, AFolderIsAnError) {
  auto reader = LineReader::open(testing::TempDir());
  ASSERT_TRUE(reader);
  EXPECT_FALSE(reader->next());
}

}  // namespace
}  // namespace riposte::apps
