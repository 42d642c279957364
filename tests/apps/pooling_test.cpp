#include "apps/pooling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

#include "gguf/writer.h"

namespace riposte::apps {
namespace {

using testing::HasSubstr;

Result<engine::Pooling> pooling_with(const gguf::Value& type) {
  gguf::Writer writer;
  EXPECT_TRUE(writer.set("qwen3.pooling_type", type));
  const std::vector<std::byte> bytes = writer.bytes();
  const auto file = gguf::File::parse(bytes);
  return file ? pooling_of(*file, "qwen3") : pass_on(file);
}

TEST(PoolingOf, IsWhatTheFileSays) {
  EXPECT_EQ(pooling_with(uint32_t{0}), engine::Pooling::kMean);
  EXPECT_EQ(pooling_with(uint32_t{1}), engine::Pooling::kMean);
  EXPECT_EQ(pooling_with(uint32_t{3}), engine::Pooling::kLast);
}

TEST(PoolingOf, IsTheMeanWhereTheFileDoesNotSay) {
  const std::vector<std::byte> bytes = gguf::Writer().bytes();
  const auto file = gguf::File::parse(bytes);
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(pooling_of(*file, "qwen3"), engine::Pooling::kMean);
}

TEST(PoolingOf, WhatThereIsNotIsAnErrorThatSaysWhatToDo) {
  for (const uint32_t type : {2u, 4u}) {
    const auto pooling = pooling_with(type);
    ASSERT_FALSE(pooling) << type;
    EXPECT_EQ(pooling.error().code, ErrorCode::kUnsupported);
    EXPECT_THAT(pooling.error().message, HasSubstr("\"last\""));
  }
}

TEST(PoolingOf, NonsenseIsAnErrorThatNamesTheKey) {
  for (const gguf::Value& value : {gguf::Value(uint32_t{99}), gguf::Value(std::string_view("mean"))}) {
    const auto pooling = pooling_with(value);
    ASSERT_FALSE(pooling);
    EXPECT_EQ(pooling.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(pooling.error().message, HasSubstr("qwen3.pooling_type"));
  }
}

}  // namespace
}  // namespace riposte::apps
