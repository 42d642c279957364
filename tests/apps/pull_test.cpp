#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "apps/pull/part_file.h"
#include "apps/pull/process.h"
#include "apps/pull/progress.h"
#include "apps/pull/sha256.h"

namespace riposte::apps {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class PartFileTest : public testing::Test {
 protected:
  PartFileTest() { fs::create_directories(folder_); }
  ~PartFileTest() override { fs::remove_all(folder_); }

  const fs::path folder_ = fs::path(testing::TempDir()) / "part_file_test";
  const fs::path target_ = folder_ / "model.gguf";
};

TEST(Sha256, GivesThePublishedDigestsAndGoesOnAfterwards) {
  Sha256 hash;
  EXPECT_EQ(hash.hex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  hash.update(bytes_of("ab"));
  EXPECT_NE(hash.hex(), "");
  hash.update(bytes_of("c"));
  EXPECT_EQ(hash.hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(PartFileTest, BytesAndStateSurviveTheProcess) {
  {
    auto part = PartFile::open(target_);
    ASSERT_TRUE(part);
    ASSERT_TRUE(part->append(bytes_of("hello")));
    ASSERT_TRUE(
        part->save_state({.source = "here", .etag = "\"v1\"", .parts = 2, .bytes = 5, .sha256 = "ab"}));
  }
  auto part = PartFile::open(target_);
  ASSERT_TRUE(part);
  EXPECT_EQ(part->size(), 5u);
  const PartState state = part->load_state();
  EXPECT_EQ(state.source, "here");
  EXPECT_EQ(state.etag, "\"v1\"");
  EXPECT_EQ(state.parts, 2u);
  EXPECT_EQ(state.bytes, 5u);
  ASSERT_TRUE(part->commit());
  EXPECT_EQ(fs::file_size(target_), 5u);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(PartFileTest, ADamagedStateCountsAsNone) {
  auto part = PartFile::open(target_);
  ASSERT_TRUE(part);
  for (const char* text : {"", "{", "[]", R"({"bytes": -5, "parts": "many", "source": 3})"}) {
    std::ofstream(folder_ / "model.gguf.part.json") << text;
    const PartState state = part->load_state();
    EXPECT_EQ(state.source, "");
    EXPECT_EQ(state.bytes, 0u);
    EXPECT_EQ(state.parts, 0u);
  }
}

TEST_F(PartFileTest, IsHeldByOneAtATime) {
  auto first = PartFile::open(target_);
  ASSERT_TRUE(first);
  const auto second = PartFile::open(target_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kBusy);
}

TEST_F(PartFileTest, AFolderThatIsNotThereIsAnError) {
  EXPECT_FALSE(PartFile::open(folder_ / "absent" / "a.gguf"));
}

TEST_F(PartFileTest, ACommandsOutputStatusAndEnvironmentAreItsOwn) {
  const Command command{{"sh", "-c", "echo \"$GREETING\"; echo wrong >&2; exit 7"},
                        {{"GREETING", "good day"}},
                        folder_ / "log"};
  const auto status = run_command(command, [] {});
  ASSERT_TRUE(status);
  EXPECT_EQ(*status, 7);
  std::ifstream log(folder_ / "log");
  const std::string text{std::istreambuf_iterator<char>(log), std::istreambuf_iterator<char>()};
  EXPECT_EQ(text, "good day\nwrong\n");
}

TEST_F(PartFileTest, ACommandEndedByASignalOrAbsentIsNoSuccess) {
  EXPECT_EQ(*run_command({{"sh", "-c", "kill -TERM $$"}, {}, folder_ / "log"}), 128 + 15);
  const auto absent = run_command({{"no-such-program-anywhere"}, {}, folder_ / "log"});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
}

TEST(FormatBytes, UsesDecimalUnitsWithThreeDigits) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(1000), "1.00 kB");
  EXPECT_EQ(format_bytes(98'362'432), "98.4 MB");
  EXPECT_EQ(format_bytes(1'117'320'768), "1.12 GB");
}

}  // namespace
}  // namespace riposte::apps
