#include "gguf/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

namespace riposte::gguf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::byte> numbered(size_t count) {
  std::vector<std::byte> bytes(count);
  for (size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::byte>(i * 7 + 1);
  return bytes;
}

// A folder of the test's own, empty at first, gone afterwards.
class WriterTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        std::filesystem::path(testing::TempDir()) / fmt::format("riposte-{}-{}", info->name(), ::getpid());
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::vector<std::string> names_in_folder() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }

  std::filesystem::path folder_;
};

void expect_same_data(const Tensor* tensor, std::span<const std::byte> data) {
  ASSERT_NE(tensor, nullptr);
  EXPECT_TRUE(std::equal(tensor->data.begin(), tensor->data.end(), data.begin(), data.end()));
}

TEST_F(WriterTest, WritesEveryKindOfValueSoThatTheReaderFindsItAgain) {
  const std::vector<Value> values = {
      uint8_t{200},
      int8_t{-100},
      uint16_t{60000},
      int16_t{-30000},
      uint32_t{4000000000},
      int32_t{-2000000000},
      uint64_t{1} << 63,
      int64_t{-1} << 62,
      1.5f,
      -2.25,
      true,
      false,
      std::string_view("text"),
      std::string_view(),
      Array(std::vector<uint8_t>{1, 2}),
      Array(std::vector<int8_t>{-1}),
      Array(std::vector<uint16_t>{3}),
      Array(std::vector<int16_t>{-3}),
      Array(std::vector<uint32_t>{}),
      Array(std::vector<int32_t>{-5, 5}),
      Array(std::vector<uint64_t>{7}),
      Array(std::vector<int64_t>{-7}),
      Array(std::vector<float>{0.5f, -0.5f}),
      Array(std::vector<double>{0.25}),
      Array(std::vector<bool>{true, false, true}),
      Array(std::vector<std::string_view>{"one", "", "three"}),
  };
  Writer writer;
  for (size_t i = 0; i < values.size(); ++i) ASSERT_TRUE(writer.set(fmt::format("key.{}", i), values[i]));
  const auto bytes = writer.bytes();
  const auto file = File::parse(bytes);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->version(), 3u);
  ASSERT_EQ(file->metadata().size(), values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(file->metadata()[i].key, fmt::format("key.{}", i));
    EXPECT_EQ(file->metadata()[i].value, values[i]) << file->metadata()[i].key;
  }
}

TEST_F(WriterTest, WritesTensorsSoThatTheReaderFindsThemAgain) {
  const auto matrix = numbered(3 * 18);
  const auto vector = numbered(5 * 4);
  Writer writer;
  ASSERT_TRUE(writer.set("general.architecture", "llama"));
  ASSERT_TRUE(writer.add_tensor("matrix", TensorType::kQ4_0, {32, 3}, matrix));
  ASSERT_TRUE(writer.add_tensor("vector", TensorType::kF32, {5}, vector));
  const auto path = folder_ / "model.gguf";
  const auto written = writer.write(path);
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_THAT(names_in_folder(), ElementsAre("model.gguf"));

  const auto file = File::open(path);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->get_string("general.architecture").value(), "llama");
  ASSERT_EQ(file->tensors().size(), 2u);
  expect_same_data(file->find_tensor("matrix"), matrix);
  expect_same_data(file->find_tensor("vector"), vector);
  EXPECT_THAT(file->find_tensor("matrix")->shape, ElementsAre(32u, 3u));
  EXPECT_EQ(file->size_bytes(), writer.bytes().size());
}

TEST_F(WriterTest, ReplacesAnOlderFile) {
  const auto path = folder_ / "model.gguf";
  std::ofstream(path) << "old";
  Writer writer;
  ASSERT_TRUE(writer.set("k", uint32_t{1}));
  ASSERT_TRUE(writer.write(path));
  const auto file = File::open(path);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(names_in_folder(), ElementsAre("model.gguf"));
}

TEST_F(WriterTest, LeavesTheOlderFileAndNothingElseWhenTheDiskIsFull) {
  const auto path = folder_ / "model.gguf";
  std::ofstream(path) << "old";
  const auto data = numbered(1 << 16);
  Writer writer;
  ASSERT_TRUE(writer.add_tensor("t", TensorType::kF32, {1 << 14}, data));

  // A limit on the size of files stands in for the end of the disk: write() takes a part, then refuses.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1 << 12, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto written = writer.write(path);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ::signal(SIGXFSZ, handler);

  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIo);
  EXPECT_THAT(written.error().message, HasSubstr("model.gguf"));
  EXPECT_THAT(names_in_folder(), ElementsAre("model.gguf"));
  EXPECT_EQ(std::filesystem::file_size(path), 3u);
}

TEST_F(WriterTest, IntoAFolderThatIsNotThereIsAnError) {
  const auto written = Writer().write(folder_ / "missing" / "model.gguf");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIo);
  EXPECT_THAT(written.error().message, HasSubstr("No such file or directory"));
}

TEST_F(WriterTest, RefusesWhatTheReaderWouldRefuse) {
  const auto data = numbered(64);
  Writer writer;
  ASSERT_TRUE(writer.set("k", uint32_t{1}));
  ASSERT_TRUE(writer.add_tensor("t", TensorType::kF32, {16}, data));
  const auto expect_refusal = [](const Result<void>& result, const char* reason) {
    ASSERT_FALSE(result) << reason;
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(result.error().message, HasSubstr(reason));
  };
  expect_refusal(writer.set("k", uint32_t{2}), "'k' is set already");
  expect_refusal(writer.set("general.alignment", uint32_t{64}), "general.alignment");
  expect_refusal(writer.add_tensor("t", TensorType::kF32, {16}, data), "tensor 't' was added already");
  expect_refusal(writer.add_tensor("u", TensorType::kF32, {15}, data), "takes 60 bytes as F32 [15], but 64");
  expect_refusal(writer.add_tensor("u", TensorType::kF32, {}, {}), "0 dimensions");
  expect_refusal(writer.add_tensor("u", TensorType::kF32, {16, 0}, {}), "a dimension of 0");
  expect_refusal(writer.add_tensor("u", TensorType::kQ4_0, {16}, data), "not whole blocks");

  const auto bytes = writer.bytes();
  const auto file = File::parse(bytes);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->metadata().size(), 1u);
  EXPECT_EQ(file->tensors().size(), 1u);
}

}  // namespace
}  // namespace riposte::gguf
