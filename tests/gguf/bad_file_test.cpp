// Files that lie about themselves, or end too soon.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

#include "gguf/file.h"
#include "gguf/raw_file.h"

namespace riposte::gguf {
namespace {

using testing::HasSubstr;

constexpr uint64_t kHuge = std::numeric_limits<uint64_t>::max();

void expect_error(const RawFile& raw, ErrorCode code, const std::string& part_of_message) {
  const auto file = File::parse(raw.bytes());
  ASSERT_FALSE(file) << "opened, instead of: " << part_of_message;
  EXPECT_EQ(file.error().code, code) << file.error().message;
  EXPECT_THAT(file.error().message, HasSubstr(part_of_message));
}

RawFile file_with_tensor(const std::function<void(RawFile&)>& add_tensor, size_t data_bytes = 64) {
  RawFile raw(3, 1, 0);
  add_tensor(raw);
  raw.pad_to(32).add_zeros(data_bytes);
  return raw;
}

TEST(BadFile, CutAnywhereIsCorrupt) {
  RawFile raw(3, 2, 5);
  raw.add_key("general.alignment", ValueType::kUint32).add(uint32_t{32});
  raw.add_key("text", ValueType::kString).add_string("some text");
  raw.add_array("numbers", ValueType::kInt32, 3).add(1).add(2).add(3);
  raw.add_array("strings", ValueType::kString, 2).add_string("one").add_string("two");
  raw.add_array("bools", ValueType::kBool, 2).add(uint8_t{0}).add(uint8_t{1});
  raw.add_tensor("a", {32, 2}, TensorType::kQ4_0, 0).add_tensor("b", {8}, TensorType::kF32, 64);
  raw.pad_to(32).add_zeros(36).pad_to(32).add_zeros(32);
  ASSERT_TRUE(File::parse(raw.bytes()));
  for (size_t size = 0; size < raw.bytes().size(); ++size) {
    // A copy of its own size, so that AddressSanitizer sees a read one byte past it.
    const std::vector<std::byte> cut(raw.bytes().begin(), raw.bytes().begin() + static_cast<ptrdiff_t>(size));
    const auto file = File::parse(cut);
    ASSERT_FALSE(file) << "cut after " << size << " bytes";
    EXPECT_EQ(file.error().code, ErrorCode::kCorrupt) << file.error().message;
    EXPECT_THAT(file.error().message, HasSubstr("byte")) << "cut after " << size << " bytes";
  }
}

TEST(BadFile, WithoutTheMagicNumberIsNoGgufFile) {
  RawFile raw;
  raw.add_bytes("GGML").add(uint32_t{3}).add(uint64_t{0}).add(uint64_t{0});
  expect_error(raw, ErrorCode::kCorrupt, "it begins with 'GGML' instead of 'GGUF'");
  RawFile binary;
  binary
      .add_bytes(
          "\x7f"
          "ELF")
      .add_zeros(20);
  expect_error(binary, ErrorCode::kCorrupt, "'\\x7fELF'");
}

TEST(BadFile, OfAnotherVersionOrByteOrderIsNamedAsUnsupported) {
  expect_error(RawFile(1, 0, 0), ErrorCode::kUnsupported, "GGUF version 1; Riposte reads versions 2 and 3");
  expect_error(RawFile(4, 0, 0), ErrorCode::kUnsupported, "GGUF version 4");
  expect_error(RawFile(0, 0, 0), ErrorCode::kUnsupported, "GGUF version 0");
  expect_error(RawFile(0x03000000, 0, 0), ErrorCode::kUnsupported, "big-endian");
}

TEST(BadFile, WithMoreThingsThanItCanHoldIsCorrupt) {
  for (const uint64_t count : {uint64_t{1}, uint64_t{1} << 40, kHuge}) {
    expect_error(RawFile(3, count, 0), ErrorCode::kCorrupt, "the number of tensors");
    expect_error(RawFile(3, 0, count), ErrorCode::kCorrupt, "the number of metadata values");
    RawFile numbers(3, 0, 1);
    numbers.add_array("k", ValueType::kUint64, count);
    expect_error(numbers, ErrorCode::kCorrupt, "the length of the array 'k'");
    RawFile strings(3, 0, 1);
    strings.add_array("k", ValueType::kString, count);
    expect_error(strings, ErrorCode::kCorrupt, "the length of the array 'k'");
  }
}

TEST(BadFile, WithAStringBeyondItsEndIsCorrupt) {
  for (const uint64_t length : {uint64_t{20}, kHuge, kHuge - 8}) {
    RawFile key(3, 0, 1);
    key.add(length).add_zeros(16);
    expect_error(key, ErrorCode::kCorrupt, "a metadata key");
    RawFile value(3, 0, 1);
    value.add_key("k", ValueType::kString).add(length).add_zeros(8);
    expect_error(value, ErrorCode::kCorrupt, "the value of 'k'");
    RawFile element(3, 0, 1);
    element.add_array("k", ValueType::kString, 2).add_string("a").add(length);
    expect_error(element, ErrorCode::kCorrupt, "an element of the array 'k'");
  }
}

TEST(BadFile, WithUnknownValueTypesIsCorrupt) {
  RawFile value(3, 0, 1);
  value.add_key("k", static_cast<ValueType>(13)).add(uint64_t{0});
  expect_error(value, ErrorCode::kCorrupt, "'k' has an unknown type 13");
  RawFile array(3, 0, 1);
  array.add_array("k", static_cast<ValueType>(99), 0);
  expect_error(array, ErrorCode::kCorrupt, "an unknown element type 99");
}

TEST(BadFile, WithArraysOfArraysIsUnsupported) {
  RawFile raw(3, 0, 1);
  raw.add_array("k", ValueType::kArray, 1).add(uint32_t{4}).add(uint64_t{0});
  expect_error(raw, ErrorCode::kUnsupported, "array of arrays");
}

TEST(BadFile, WithABoolOtherThanZeroOrOneIsCorrupt) {
  RawFile value(3, 0, 1);
  value.add_key("k", ValueType::kBool).add(uint8_t{2});
  expect_error(value, ErrorCode::kCorrupt, "must be 0 or 1 (a bool), not 2");
  RawFile array(3, 0, 1);
  array.add_array("k", ValueType::kBool, 2).add(uint8_t{1}).add(uint8_t{255});
  expect_error(array, ErrorCode::kCorrupt, "must be 0 or 1 (a bool), not 255");
}

TEST(BadFile, WithTheSameKeyTwiceIsCorrupt) {
  RawFile raw(3, 0, 2);
  raw.add_key("k", ValueType::kUint8).add(uint8_t{1}).add_key("k", ValueType::kUint8).add(uint8_t{1});
  expect_error(raw, ErrorCode::kCorrupt, "the metadata key 'k' appears again at byte 38");
}

TEST(BadFile, WithTheSameTensorNameTwiceIsCorrupt) {
  RawFile raw(3, 2, 0);
  raw.add_tensor("t", {1}, TensorType::kF32, 0).add_tensor("t", {1}, TensorType::kF32, 32);
  raw.pad_to(32).add_zeros(64);
  expect_error(raw, ErrorCode::kCorrupt, "two tensors 't'");
}

TEST(BadFile, WithAnImpossibleAlignmentIsCorrupt) {
  for (const uint32_t alignment : {0u, 1u, 4u, 24u, 33u, 0xffffffffu}) {
    RawFile raw(3, 0, 1);
    raw.add_key("general.alignment", ValueType::kUint32).add(alignment);
    expect_error(raw, ErrorCode::kCorrupt, "general.alignment is " + std::to_string(alignment));
  }
  RawFile other_type(3, 0, 1);
  other_type.add_key("general.alignment", ValueType::kUint64).add(uint64_t{32});
  expect_error(other_type, ErrorCode::kCorrupt, "general.alignment must be a uint32");
}

TEST(BadFile, WithAnAlignmentBeyondItsEndIsCorrupt) {
  RawFile raw(3, 1, 1);
  raw.add_key("general.alignment", ValueType::kUint32).add(uint32_t{1} << 31);
  raw.add_tensor("t", {1}, TensorType::kF32, 0).add_zeros(64);
  expect_error(raw, ErrorCode::kCorrupt,
               "tensor 't' takes 4 bytes from offset 0 of the data at byte 2147483648");
}

TEST(BadFile, WithTooFewOrTooManyDimensionsIsCorrupt) {
  for (const size_t dimensions : {0, 5}) {
    const auto raw = file_with_tensor([&](RawFile& file) {
      file.add_tensor("t", std::vector<uint64_t>(dimensions, 1), TensorType::kF32, 0);
    });
    expect_error(raw, ErrorCode::kCorrupt, "tensor 't' has " + std::to_string(dimensions) + " dimensions");
  }
  RawFile huge(3, 1, 0);
  huge.add_string("t").add(uint32_t{0xffffffff}).add_zeros(64);
  expect_error(huge, ErrorCode::kCorrupt, "tensor 't' has 4294967295 dimensions");
}

TEST(BadFile, WithAZeroDimensionIsCorrupt) {
  for (const auto& shape : {std::vector<uint64_t>{0}, {32, 0}, {0, kHuge}, {kHuge, 0}}) {
    const auto raw =
        file_with_tensor([&](RawFile& file) { file.add_tensor("t", shape, TensorType::kF32, 0); });
    const auto file = File::parse(raw.bytes());
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, ErrorCode::kCorrupt) << file.error().message;
  }
  const auto raw = file_with_tensor([](RawFile& file) {
    file.add_tensor("t", {32, 0}, TensorType::kF32, 0);
  });
  expect_error(raw, ErrorCode::kCorrupt, "tensor 't': the shape [32, 0] has a dimension of 0");
}

TEST(BadFile, WithDimensionsThatOverflowIsCorrupt) {
  const uint64_t root = uint64_t{1} << 32;
  for (const auto& shape : {std::vector<uint64_t>{root, root},
                            {kHuge},
                            {root, root, root, root},
                            {uint64_t{1} << 62},
                            {32, kHuge / 32}}) {
    const auto raw =
        file_with_tensor([&](RawFile& file) { file.add_tensor("t", shape, TensorType::kF32, 0); });
    expect_error(raw, ErrorCode::kCorrupt, "overflows 64 bits");
  }
}

TEST(BadFile, WithRowsThatAreNotWholeBlocksIsCorrupt) {
  const auto raw = file_with_tensor([](RawFile& file) {
    file.add_tensor("t", {288, 1}, TensorType::kQ4_K, 0);
  });
  expect_error(raw, ErrorCode::kCorrupt,
               "rows of 288 elements are not whole blocks of Q4_K (256 elements each)");
  // The product would be whole blocks; each row must be.
  const auto split = file_with_tensor([](RawFile& file) {
    file.add_tensor("t", {16, 2}, TensorType::kQ8_0, 0);
  });
  expect_error(split, ErrorCode::kCorrupt, "rows of 16 elements");
}

TEST(BadFile, OfAnUnsupportedTensorTypeNamesItAndTheSupportedOnes) {
  const auto with_type = [](uint32_t type) {
    return file_with_tensor([&](RawFile& file) { file.add_tensor("t", {256}, type, 0); });
  };
  const std::string supported =
      "; supported are F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K";
  expect_error(with_type(16), ErrorCode::kUnsupported, "tensor 't' is stored as IQ2_XXS" + supported);
  expect_error(with_type(26), ErrorCode::kUnsupported, "is stored as I32" + supported);
  expect_error(with_type(4), ErrorCode::kUnsupported, "is stored as type 4" + supported);
  expect_error(with_type(0xffffffff), ErrorCode::kUnsupported, "is stored as type 4294967295" + supported);
}

TEST(BadFile, WithATensorBeyondItsEndIsCorrupt) {
  for (const uint64_t offset : {uint64_t{32}, uint64_t{64}, uint64_t{1} << 40, kHuge - 31}) {
    const auto raw =
        file_with_tensor([&](RawFile& file) { file.add_tensor("t", {9}, TensorType::kF32, offset); });
    expect_error(raw, ErrorCode::kCorrupt, "tensor 't' takes 36 bytes from offset " + std::to_string(offset));
  }
  const auto long_tensor =
      file_with_tensor([](RawFile& file) { file.add_tensor("t", {uint64_t{1} << 60}, TensorType::kF32, 0); });
  expect_error(long_tensor, ErrorCode::kCorrupt, "tensor 't' takes 4611686018427387904 bytes");
}

TEST(BadFile, WithAMisalignedOffsetIsCorrupt) {
  const auto raw = file_with_tensor([](RawFile& file) { file.add_tensor("t", {1}, TensorType::kF32, 4); });
  expect_error(raw, ErrorCode::kCorrupt, "offset 4, which is not a multiple of the alignment 32");
}

TEST(BadFile, WithOverlappingTensorsIsCorrupt) {
  for (const uint64_t offset : {0, 32}) {
    RawFile raw(3, 2, 0);
    raw.add_tensor("long", {9}, TensorType::kF32, 0).add_tensor("other", {1}, TensorType::kF32, offset);
    raw.pad_to(32).add_zeros(128);
    expect_error(raw, ErrorCode::kCorrupt, "overlaps tensor");
  }
}

TEST(BadFile, NeverBringsControlCharactersIntoAMessage) {
  RawFile raw(3, 0, 1);
  raw.add_key("\x1b[31mred\n", static_cast<ValueType>(77)).add(uint64_t{0});
  expect_error(raw, ErrorCode::kCorrupt, "'\\x1b[31mred\\x0a'");
}

TEST(OpenFile, ThatIsNotThereOrIsAFolderIsAnErrorWithItsPath) {
  const auto missing = File::open("/nonexistent/model.gguf");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(missing.error().message, HasSubstr("/nonexistent/model.gguf"));
  const auto folder = File::open(testing::TempDir());
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace riposte::gguf
