// Files that say what they are, and files that do not.
#include "model/file_type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gguf/writer.h"

namespace riposte::model {
namespace {

using ::testing::HasSubstr;

Result<void> check(std::string_view key, const gguf::Value& value) {
  gguf::Writer writer;
  EXPECT_TRUE(writer.set(key, value));
  const auto bytes = writer.bytes();
  const auto file = gguf::File::parse(bytes);
  EXPECT_TRUE(file) << file.error().message;
  return check_is_model(*file);
}

TEST(FileType, AFileIsAModelUnlessItSaysOtherwise) {
  EXPECT_TRUE(check("general.type", std::string_view("model")));
  EXPECT_TRUE(check("general.name", std::string_view("adapter")));
}

TEST(FileType, AnAdapterIsToldHowItIsGiven) {
  const auto found = check("general.type", std::string_view("adapter"));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(found.error().message, HasSubstr("--adapter NAME=FILE"));
}

TEST(FileType, WhateverElseAFileIsIsNamed) {
  const auto found = check("general.type", std::string_view("imatrix"));
  ASSERT_FALSE(found);
  EXPECT_THAT(found.error().message, HasSubstr("'imatrix'"));
  EXPECT_FALSE(check("general.type", int32_t{1}));
}

}  // namespace
}  // namespace riposte::model
