#include "quant/decode.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace riposte::quant {
namespace {

using gguf::TensorType;

// Blocks of one type and their values as the `gguf` Python package decodes them
// (tests/reference/make_quant_cases.py).
struct Case {
  std::vector<std::byte> blocks;
  std::vector<float> values;
};

Case load_case(TensorType type) {
  std::string name(gguf::name_of(type));
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  std::ifstream file(RIPOSTE_SOURCE_DIR "/tests/quant/cases/" + name + ".bin", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const gguf::BlockShape block = gguf::block_shape(type);
  const size_t count = bytes.size() / (block.bytes + block.elements * sizeof(float));
  Case loaded{std::vector<std::byte>(count * block.bytes), std::vector<float>(count * block.elements)};
  EXPECT_EQ(bytes.size(), loaded.blocks.size() + loaded.values.size() * sizeof(float)) << name;
  std::memcpy(loaded.blocks.data(), bytes.data(), loaded.blocks.size());
  std::memcpy(loaded.values.data(), bytes.data() + loaded.blocks.size(),
              loaded.values.size() * sizeof(float));
  return loaded;
}

// The payload of a NaN is the machine's affair; everything else must agree in every bit.
bool same_bits(float a, float b) {
  return (std::isnan(a) && std::isnan(b)) || std::bit_cast<uint32_t>(a) == std::bit_cast<uint32_t>(b);
}

class DecodeTest : public testing::TestWithParam<TensorType> {};

TEST_P(DecodeTest, EqualsTheGgufPackageBitForBit) {
  const Case golden = load_case(GetParam());
  ASSERT_GE(golden.values.size(), 1000u);
  std::vector<float> decoded(golden.values.size());
  decode(GetParam(), golden.blocks, decoded);
  for (size_t i = 0; i < decoded.size(); ++i) {
    ASSERT_TRUE(same_bits(decoded[i], golden.values[i]))
        << "element " << i << ": " << decoded[i] << " instead of " << golden.values[i];
  }
}

TEST_P(DecodeTest, ReadsBlocksAtAnyAddressAndWritesNoFurtherThanAsked) {
  const Case golden = load_case(GetParam());
  const gguf::BlockShape block = gguf::block_shape(GetParam());
  std::vector<std::byte> shifted(golden.blocks.size() + 1);
  std::copy(golden.blocks.begin(), golden.blocks.end(), shifted.begin() + 1);
  const size_t count = 2 * block.elements;
  std::vector<float> decoded(count + 1, -7.5f);
  decode(GetParam(), std::span(shifted).subspan(1), std::span(decoded).first(count));
  for (size_t i = 0; i < count; ++i) ASSERT_TRUE(same_bits(decoded[i], golden.values[i])) << "element " << i;
  EXPECT_EQ(decoded[count], -7.5f);
}

INSTANTIATE_TEST_SUITE_P(EveryType, DecodeTest,
                         testing::Values(TensorType::kF32, TensorType::kF16, TensorType::kBF16,
                                         TensorType::kQ4_0, TensorType::kQ4_1, TensorType::kQ5_0,
                                         TensorType::kQ5_1, TensorType::kQ8_0, TensorType::kQ2_K,
                                         TensorType::kQ3_K, TensorType::kQ4_K, TensorType::kQ5_K,
                                         TensorType::kQ6_K),
                         [](const auto& type) { return std::string(gguf::name_of(type.param)); });

}  // namespace
}  // namespace riposte::quant
