#include "kvcache/snapshot.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <random>

namespace riposte::kvcache {
namespace {

class SnapshotTest : public ::testing::Test {
 protected:
  SnapshotTest()
      : folder_(std::filesystem::path(::testing::TempDir()) / ("snapshot" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(folder_);
  }
  ~SnapshotTest() override { std::filesystem::remove_all(folder_); }

  std::string content() const {
    std::ifstream file(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void replace(const std::string& bytes) const { std::ofstream(path(), std::ios::binary) << bytes; }
  std::filesystem::path path() const { return folder_ / "of a model.kv"; }
  ErrorCode refusal(const SnapshotKey& key) const {
    const auto read = read_snapshot(path(), key, kMost);
    return read ? ErrorCode::kInternal : read.error().code;
  }

  static constexpr uint64_t kMost = 1 << 20;
  const SnapshotKey key_{.numbers = "weights 7, arithmetic 1", .page_size = 4, .page_bytes = 8};
  const std::vector<SnapshotEntry> entries_{{{1, 2, 3, 4, 5}, std::vector<std::byte>(16, std::byte{7})},
                                            {{9}, std::vector<std::byte>(8, std::byte{1})}};
  std::filesystem::path folder_;
};

TEST_F(SnapshotTest, WhatWasWrittenIsRead) {
  ASSERT_TRUE(write_snapshot(path(), key_, entries_));
  const auto read = read_snapshot(path(), key_, kMost);
  ASSERT_TRUE(read) << read.error().message;
  ASSERT_EQ(read->size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ((*read)[i].tokens, entries_[i].tokens);
    EXPECT_EQ((*read)[i].pages, entries_[i].pages);
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1)
      << "nothing is left beside it";
}

TEST_F(SnapshotTest, ANewOneReplacesTheOld) {
  ASSERT_TRUE(write_snapshot(path(), key_, entries_));
  ASSERT_TRUE(write_snapshot(path(), key_, std::span(entries_).first(1)));
  EXPECT_EQ(read_snapshot(path(), key_, kMost)->size(), 1u);
}

TEST_F(SnapshotTest, AForeignOneIsRefused) {
  ASSERT_TRUE(write_snapshot(path(), key_, entries_));
  SnapshotKey other = key_;
  other.numbers = "weights 8, arithmetic 1";
  EXPECT_EQ(refusal(other), ErrorCode::kUnsupported);
  other = key_;
  other.page_size = 8;
  EXPECT_EQ(refusal(other), ErrorCode::kUnsupported);
  other = key_;
  other.page_bytes = 16;
  EXPECT_EQ(refusal(other), ErrorCode::kUnsupported);
  EXPECT_EQ(read_snapshot(path(), key_, 20).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(read_snapshot(folder_ / "another", key_, kMost).error().code, ErrorCode::kNotFound);
}

TEST_F(SnapshotTest, EveryChangedByteIsNoticed) {
  ASSERT_TRUE(write_snapshot(path(), key_, entries_));
  const std::string whole = content();
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    replace(damaged);
    EXPECT_EQ(refusal(key_), ErrorCode::kCorrupt) << "byte " << at;
  }
}

TEST_F(SnapshotTest, EveryCutIsNoticed) {
  ASSERT_TRUE(write_snapshot(path(), key_, entries_));
  const std::string whole = content();
  for (size_t length = 0; length < whole.size(); ++length) {
    replace(whole.substr(0, length));
    EXPECT_EQ(refusal(key_), ErrorCode::kCorrupt) << length << " bytes";
  }
  replace(whole + '\0');
  EXPECT_EQ(refusal(key_), ErrorCode::kCorrupt);
}

TEST_F(SnapshotTest, WhereNothingCanBeWrittenNothingIsLost) {
  std::filesystem::create_directories(path());  // a folder is in the way
  const auto written = write_snapshot(path(), key_, entries_);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIo);
  EXPECT_EQ(refusal(key_), ErrorCode::kNotFound);
  EXPECT_FALSE(write_snapshot("/dev/full/snapshot", key_, entries_));
}

}  // namespace
}  // namespace riposte::kvcache
