#include "gguf/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <type_traits>

#include "gguf/raw_file.h"

namespace riposte::gguf {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class T>
RawFile file_with(ValueType type, T value) {
  RawFile raw(3, 0, 1);
  raw.add_key("k", type).add(value);
  return raw;
}

template <class T>
class NumberTest : public testing::Test {};

template <class T, ValueType number>
struct Number {
  using Type = T;
  static constexpr ValueType kNumber = number;
};
using Numbers = testing::Types<Number<uint8_t, ValueType::kUint8>, Number<int8_t, ValueType::kInt8>,
                               Number<uint16_t, ValueType::kUint16>, Number<int16_t, ValueType::kInt16>,
                               Number<uint32_t, ValueType::kUint32>, Number<int32_t, ValueType::kInt32>,
                               Number<uint64_t, ValueType::kUint64>, Number<int64_t, ValueType::kInt64>,
                               Number<float, ValueType::kFloat32>, Number<double, ValueType::kFloat64>>;
TYPED_TEST_SUITE(NumberTest, Numbers);

TYPED_TEST(NumberTest, IsReadAsItsOwnTypeAtBothEndsOfItsRange) {
  using T = typename TypeParam::Type;
  for (const T value : {std::numeric_limits<T>::lowest(), std::numeric_limits<T>::max()}) {
    const RawFile raw = file_with(TypeParam::kNumber, value);
    const auto file = File::parse(raw.bytes());
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_TRUE(std::holds_alternative<T>(*file->find("k")));
    EXPECT_EQ(std::get<T>(*file->find("k")), value);
  }
}

TYPED_TEST(NumberTest, IsReadFromArrays) {
  using T = typename TypeParam::Type;
  RawFile raw(3, 0, 2);
  raw.add_array("k", TypeParam::kNumber, 3).add(T{1}).add(std::numeric_limits<T>::lowest()).add(T{3});
  raw.add_array("none", TypeParam::kNumber, 0);
  const auto file = File::parse(raw.bytes());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(std::get<std::vector<T>>(std::get<Array>(*file->find("k"))),
              ElementsAre(T{1}, std::numeric_limits<T>::lowest(), T{3}));
  EXPECT_TRUE(std::get<std::vector<T>>(std::get<Array>(*file->find("none"))).empty());
}

TYPED_TEST(NumberTest, IsAnIntegerExactlyIfItsTypeIsOne) {
  using T = typename TypeParam::Type;
  const RawFile raw = file_with(TypeParam::kNumber, T{7});
  const auto file = File::parse(raw.bytes());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->get_int("k").value_or(0), std::is_integral_v<T> ? 7 : 0);
  EXPECT_EQ(file->get_float("k").value_or(0.0), std::is_integral_v<T> ? 0.0 : 7.0);
}

TEST(File, ReadsStringsAndBoolsAndArraysOfThem) {
  RawFile raw(3, 0, 5);
  raw.add_key("text", ValueType::kString).add_string("Grüße");
  raw.add_key("empty", ValueType::kString).add_string("");
  raw.add_key("yes", ValueType::kBool).add(uint8_t{1});
  raw.add_array("bools", ValueType::kBool, 3).add(uint8_t{1}).add(uint8_t{0}).add(uint8_t{1});
  raw.add_array("strings", ValueType::kString, 2).add_string("a").add_string(std::string_view("b\0c", 3));
  const auto file = File::parse(raw.bytes());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->get_string("text").value(), "Grüße");
  EXPECT_EQ(file->get_string("empty").value(), "");
  EXPECT_TRUE(file->get_bool("yes").value());
  EXPECT_THAT(std::get<std::vector<bool>>(std::get<Array>(*file->find("bools"))),
              ElementsAre(true, false, true));
  EXPECT_THAT(file->get_strings("strings").value(), ElementsAre("a", std::string_view("b\0c", 3)));
}

TEST(File, ReadsVersionsTwoAndThree) {
  for (const uint32_t version : {2u, 3u}) {
    RawFile raw(version, 1, 0);
    raw.add_tensor("t", {2}, TensorType::kF32, 0).pad_to(32).add(1.5f).add(-2.0f);
    const auto file = File::parse(raw.bytes());
    ASSERT_TRUE(file) << file.error().message;
    EXPECT_EQ(file->version(), version);
    EXPECT_EQ(file->size_bytes(), raw.bytes().size());
    EXPECT_EQ(file->tensors().size(), 1u);
  }
}

TEST(File, FindsTheDataOfTensorsInAnyOrder) {
  RawFile raw(3, 2, 0);
  raw.add_tensor("second", {32, 3}, TensorType::kQ8_0, 32);
  raw.add_tensor("first", {2, 2, 1, 1}, TensorType::kF32, 0);
  raw.pad_to(32).add(1.0f).add(2.0f).add(3.0f).add(4.0f).pad_to(32).add_zeros(3 * 34);
  const auto file = File::parse(raw.bytes());
  ASSERT_TRUE(file) << file.error().message;
  const Tensor* first = file->find_tensor("first");
  const Tensor* second = file->find_tensor("second");
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->data.size(), 16u);
  EXPECT_EQ(first->columns(), 2u);
  EXPECT_EQ(first->rows(), 2u);
  EXPECT_EQ(second->type, TensorType::kQ8_0);
  EXPECT_THAT(second->shape, ElementsAre(32u, 3u));
  EXPECT_EQ(second->data.data(), raw.bytes().data() + raw.bytes().size() - 3 * 34);
  EXPECT_EQ(second->data.size(), 3u * 34u);
  EXPECT_EQ(file->find_tensor("third"), nullptr);
}

TEST(File, AlignsTheDataAsTheFileSays) {
  RawFile raw(3, 1, 1);
  raw.add_key("general.alignment", ValueType::kUint32).add(uint32_t{256});
  raw.add_tensor("t", {1}, TensorType::kF32, 0).pad_to(256).add(42.0f);
  const auto file = File::parse(raw.bytes());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->find_tensor("t")->data.data(), raw.bytes().data() + 256);
}

TEST(File, KeepsTheOrderOfTheFile) {
  RawFile raw(3, 0, 2);
  raw.add_key("z", ValueType::kUint8).add(uint8_t{1}).add_key("a", ValueType::kUint8).add(uint8_t{2});
  const auto file = File::parse(raw.bytes());
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_EQ(file->metadata().size(), 2u);
  EXPECT_EQ(file->metadata()[0].key, "z");
  EXPECT_EQ(file->metadata()[1].key, "a");
}

TEST(LookUp, OfAnAbsentKeyNamesTheKey) {
  const RawFile raw(3, 0, 0);
  const auto file = File::parse(raw.bytes());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_EQ(file->find("llama.block_count"), nullptr);
  const auto missing = file->get_int("llama.block_count");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(missing.error().message, HasSubstr("llama.block_count"));
}

TEST(LookUp, OfAnotherKindNamesBothKinds) {
  const RawFile raw = file_with(ValueType::kFloat32, 1.0f);
  const auto file = File::parse(raw.bytes());
  ASSERT_TRUE(file) << file.error().message;
  const auto expect_error = [](const auto& result, const char* expected) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kCorrupt);
    EXPECT_THAT(result.error().message,
                testing::AllOf(HasSubstr("'k'"), HasSubstr(expected), HasSubstr("a float32")));
  };
  expect_error(file->get_int("k"), "an integer");
  expect_error(file->get_bool("k"), "a bool");
  expect_error(file->get_string("k"), "a string");
  expect_error(file->get_strings("k"), "an array of string");
  expect_error(file->get_floats("k"), "an array of float32");
  expect_error(file->get_ints("k"), "an array of int32");
}

TEST(LookUp, OfAnIntegerBeyond63BitsIsAnError) {
  const RawFile raw = file_with(ValueType::kUint64, uint64_t{1} << 63);
  const auto file = File::parse(raw.bytes());
  ASSERT_TRUE(file) << file.error().message;
  const auto value = file->get_int("k");
  ASSERT_FALSE(value);
  EXPECT_THAT(value.error().message, HasSubstr("9223372036854775808"));
}

TEST(LookUp, OfIntegersReadsSignedAndUnsignedArrays) {
  RawFile raw(3, 0, 3);
  raw.add_array("signed", ValueType::kInt32, 2).add(int32_t{-1}).add(int32_t{2});
  raw.add_array("unsigned", ValueType::kUint32, 2).add(uint32_t{3}).add(uint32_t{4});
  raw.add_array("floats", ValueType::kFloat32, 1).add(0.5f);
  const auto file = File::parse(raw.bytes());
  ASSERT_TRUE(file) << file.error().message;
  EXPECT_THAT(file->get_ints("signed").value(), ElementsAre(-1, 2));
  EXPECT_THAT(file->get_ints("unsigned").value(), ElementsAre(3, 4));
  EXPECT_FALSE(file->get_ints("floats"));
  EXPECT_THAT(file->get_floats("floats").value(), ElementsAre(0.5f));
}

}  // namespace
}  // namespace riposte::gguf
