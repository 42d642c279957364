#include "base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace riposte {
namespace {

namespace fs = std::filesystem;

class MappedFileTest : public testing::Test {
 protected:
  void SetUp() override { path_ = fs::path(testing::TempDir()) / "mapped_file_test"; }
  void TearDown() override { fs::remove_all(path_); }
  fs::path path_;
};

TEST_F(MappedFileTest, ShowsTheBytesOfAFileAlsoAfterItWasUnlinked) {
  std::ofstream(path_, std::ios::binary) << "seven\0s";
  const auto file = MappedFile::open(path_);
  ASSERT_TRUE(file) << file.error().message;
  fs::remove(path_);
  ASSERT_EQ(file->bytes().size(), 5u);
  EXPECT_EQ(static_cast<char>(file->bytes()[0]), 's');
}

TEST_F(MappedFileTest, AnEmptyFileIsAnEmptySpan) {
  std::ofstream(path_).close();
  const auto file = MappedFile::open(path_);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_TRUE(file->bytes().empty());
}

TEST_F(MappedFileTest, AMissingFileIsNotFound) {
  const auto file = MappedFile::open(path_);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, ErrorCode::kNotFound);
}

TEST_F(MappedFileTest, AFolderAndAPipeAreRefusedAtOnce) {
  fs::create_directory(path_);
  const auto folder = MappedFile::open(path_);
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::kIo);
  fs::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const auto pipe = MappedFile::open(path_);
  ASSERT_FALSE(pipe);
  EXPECT_EQ(pipe.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace riposte
