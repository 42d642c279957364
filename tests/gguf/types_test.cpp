#include "gguf/types.h"

#include <gtest/gtest.h>

namespace riposte::gguf {
namespace {

TEST(TensorTypes, HaveTheSizesOfTheSpecification) {
  const auto expect_block = [](TensorType type, uint32_t elements, uint32_t bytes) {
    EXPECT_EQ(block_shape(type).elements, elements) << name_of(type);
    EXPECT_EQ(block_shape(type).bytes, bytes) << name_of(type);
  };
  expect_block(TensorType::kF32, 1, 4);
  expect_block(TensorType::kF16, 1, 2);
  expect_block(TensorType::kBF16, 1, 2);
  expect_block(TensorType::kQ4_0, 32, 18);
  expect_block(TensorType::kQ4_1, 32, 20);
  expect_block(TensorType::kQ5_0, 32, 22);
  expect_block(TensorType::kQ5_1, 32, 24);
  expect_block(TensorType::kQ8_0, 32, 34);
  expect_block(TensorType::kQ2_K, 256, 84);
  expect_block(TensorType::kQ3_K, 256, 110);
  expect_block(TensorType::kQ4_K, 256, 144);
  expect_block(TensorType::kQ5_K, 256, 176);
  expect_block(TensorType::kQ6_K, 256, 210);
}

TEST(TensorTypes, AreFoundByTheirNumberIfSupported) {
  EXPECT_EQ(tensor_type_from(14), TensorType::kQ6_K);
  EXPECT_EQ(tensor_type_from(30), TensorType::kBF16);
  EXPECT_EQ(tensor_type_from(4), std::nullopt);
  EXPECT_EQ(tensor_type_from(15), std::nullopt);
}

TEST(TensorTypes, AreNamedEvenIfUnsupported) {
  EXPECT_EQ(name_of_number(12), "Q4_K");
  EXPECT_EQ(name_of_number(16), "IQ2_XXS");
  EXPECT_EQ(name_of_number(1000), "type 1000");
}

}  // namespace
}  // namespace riposte::gguf
