// Files of packed weights: whole ones are read back bit for bit, all others are errors.
#include "executor/cpu/packed_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>

#include "executor/packed_cases.h"

namespace riposte::executor {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr size_t kHeaderBytes = 64, kRecordBytes = 32, kChecksumBytes = 8;

class PackedFile : public testing::Test {
 protected:
  PackedFile() {
    EXPECT_TRUE(write_pack(path_, key_, sections_, packed_.memory.span()));
    index_bytes_ = kHeaderBytes + sections_.size() * kRecordBytes;
    for (const PackedSection& section : sections_)
      index_bytes_ += static_cast<size_t>(section.panels) * kChecksumBytes;
  }

  Result<PackFile> read() { return read_pack(path_, key_, sections_, team_); }

  // What becomes of the file with the byte at `offset` changed; changes it back afterwards.
  Result<PackFile> read_with_changed_byte(size_t offset, char mask = 1) {
    change_byte(offset, mask);
    auto found = read();
    change_byte(offset, mask);
    return found;
  }

  void change_byte(size_t offset, char mask) {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(byte ^ mask));
    ASSERT_TRUE(file.good());
  }

  TemporaryFolder folder_;
  hardware::ThreadTeam team_{2};
  std::shared_ptr<const model::Model> model_ = write_tiny_model(folder_.path() / "tiny.gguf");
  PackKey key_ = pack_key(*model_).value();
  std::vector<PackedSection> sections_ = plan_sections(model_->weights);
  PackedWeights packed_ = pack_weights(model_->weights, team_);
  fs::path path_ = folder_.path() / "packs" / "tiny.pack";
  size_t index_bytes_;  // header, records and checksums
};

TEST_F(PackedFile, WhatIsReadBackIsWhatWasPackedWhetherCopiedOrUsedInPlace) {
  auto found = read();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(same_weights(copy_weights(model_->weights, found->panels, team_), packed_));
  const PackedWeights viewed = view_weights(model_->weights, found->panels, std::move(found->file));
  EXPECT_TRUE(same_weights(viewed, packed_));
  EXPECT_EQ(viewed.bytes(), packed_.bytes());
}

// A change of the layout fails here: raise kPackingVersion with it, so that nobody's old files are taken for
// new ones.
TEST_F(PackedFile, TheBytesOfThisVersionOfThePackingAreTheseOnEveryMachine) {
  EXPECT_EQ(quant::kPackingVersion, 2u);
  EXPECT_EQ(hash_of(packed_), 716360213073831863u);
}

TEST_F(PackedFile, AFileOfAnyOtherLengthIsDamaged) {
  const std::string whole = read_bytes(path_);
  std::vector<size_t> lengths = {0,
                                 1,
                                 7,
                                 8,
                                 kHeaderBytes - 1,
                                 kHeaderBytes,
                                 kHeaderBytes + 1,
                                 index_bytes_ - 1,
                                 index_bytes_,
                                 index_bytes_ + 1,
                                 whole.size() - 4096,
                                 whole.size() - 1};
  for (size_t length = 2; length < index_bytes_; length += 89) lengths.push_back(length);
  for (size_t length = index_bytes_; length < whole.size(); length += 65'521) lengths.push_back(length);
  for (const size_t length : lengths) {
    fs::resize_file(path_, length);
    const auto found = read();
    ASSERT_FALSE(found) << length;
    EXPECT_EQ(found.error().code, ErrorCode::kCorrupt) << found.error().message;
    write_bytes(path_, whole);
  }
  ASSERT_TRUE(read());
  write_bytes(path_, whole + '\0');
  ASSERT_FALSE(read());
}

TEST_F(PackedFile, EveryByteOfTheIndexMatters) {
  for (size_t offset = 0; offset < index_bytes_; ++offset) {
    ASSERT_FALSE(read_with_changed_byte(offset)) << "byte " << offset;
  }
  for (size_t offset = 0; offset < kHeaderBytes + kRecordBytes; ++offset) {
    ASSERT_FALSE(read_with_changed_byte(offset, '\x80')) << "highest bit of byte " << offset;
  }
  EXPECT_TRUE(read());
}

TEST_F(PackedFile, AChangedByteInAnyPanelIsSeen) {
  const size_t begin = fs::file_size(path_) - packed_.memory.size();
  for (const PackedSection& section : sections_) {
    for (const size_t offset : {section.offset, section.offset + section.bytes() / 2, section.end() - 1}) {
      const auto found = read_with_changed_byte(begin + offset);
      ASSERT_FALSE(found) << offset;
      EXPECT_EQ(found.error().code, ErrorCode::kCorrupt);
    }
  }
}

TEST_F(PackedFile, NoiseIsNoFileOfPackedWeights) {
  std::mt19937 random(5);
  std::string noise(read_bytes(path_).size(), '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  write_bytes(path_, noise);
  ASSERT_FALSE(read());
}

TEST_F(PackedFile, AFileOfAnotherVersionOrForAnotherModelSaysSo) {
  const auto other_format = read_with_changed_byte(8);
  ASSERT_FALSE(other_format);
  EXPECT_EQ(other_format.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(other_format.error().message, HasSubstr("version"));
  const auto other_packing = read_with_changed_byte(12);
  ASSERT_FALSE(other_packing);
  EXPECT_THAT(other_packing.error().message, HasSubstr("version"));
  key_.high ^= 1;
  const auto other_model = read();
  ASSERT_FALSE(other_model);
  EXPECT_EQ(other_model.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(other_model.error().message, HasSubstr("model file has changed"));
}

TEST_F(PackedFile, NothingAFolderOrAPipeInItsPlaceIsAnErrorAtOnce) {
  fs::remove(path_);
  const auto nothing = read();
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, ErrorCode::kNotFound);
  fs::create_directory(path_);
  ASSERT_FALSE(read());
  fs::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  const auto pipe = read();
  ASSERT_FALSE(pipe);
  EXPECT_EQ(pipe.error().code, ErrorCode::kIo);
}

TEST_F(PackedFile, TheKeyKnowsTimeAndContentOfTheModelFile) {
  EXPECT_EQ(pack_key(*model_).value(), key_);
  fs::last_write_time(model_->path, fs::last_write_time(model_->path) - std::chrono::seconds(1));
  const PackKey touched = pack_key(*model_).value();
  EXPECT_NE(touched, key_);
  const auto time = fs::last_write_time(model_->path);
  const auto other = write_tiny_model(folder_.path() / "other.gguf", 2);
  fs::last_write_time(other->path, time);
  EXPECT_NE(pack_key(*other).value(), touched);
  fs::remove(other->path);
  const auto gone = pack_key(*other);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::kIo);
}

// A limit on the length of files fails a write half way, as a full disk does.
TEST_F(PackedFile, AWriteThatFailsLeavesTheOldFileAndNothingElse) {
  const std::string whole = read_bytes(path_);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{whole.size() - 5000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto written = write_pack(path_, key_, sections_, packed_.memory.span());
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIo);
  EXPECT_EQ(folder_.names(path_.parent_path()), std::vector<std::string>{"tiny.pack"});
  EXPECT_EQ(read_bytes(path_), whole);
}

TEST_F(PackedFile, AFolderThatCannotBeMadeIsAnError) {
  write_bytes(folder_.path() / "file", "in the way");
  const auto written =
      write_pack(folder_.path() / "file" / "tiny.pack", key_, sections_, packed_.memory.span());
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIo);
}

TEST_F(PackedFile, LeftoversOfWritersThatAreGoneAreRemovedAndNoOthers) {
  const fs::path packs = path_.parent_path();
  const std::string alive = fmt::format("tiny.pack.{}-3.partial", ::getpid());
  const std::string gone = "tiny.pack.999999999-0.partial";  // beyond the highest number of a process
  for (const std::string& name :
       {alive, gone, std::string("other.pack.999999999-0.partial"), std::string("tiny.pack.x-0.partial"),
        std::string("tiny.pack.999999999.partial")}) {
    write_bytes(packs / name, "x");
  }
  ASSERT_TRUE(write_pack(path_, key_, sections_, packed_.memory.span()));
  const auto names = folder_.names(packs);
  EXPECT_THAT(names, testing::Not(testing::Contains(gone)));
  EXPECT_THAT(names, testing::SizeIs(5));
  EXPECT_THAT(names, testing::Contains(alive));
}

}  // namespace
}  // namespace riposte::executor
