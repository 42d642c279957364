#include "quant/encode.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace riposte::quant {
namespace {

// What the `gguf` Python package makes of some values (tests/reference/make_quant_cases.py).
TEST(EncodeQ4_1, EqualsTheGgufPackageBitForBit) {
  constexpr size_t kValues = 32, kBlockBytes = 20;
  std::ifstream file(RIPOSTE_SOURCE_DIR "/tests/quant/cases/q4_1_encoded.bin", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const size_t count = bytes.size() / (kBlockBytes + kValues * sizeof(float));
  ASSERT_EQ(count, 60u);
  std::vector<float> values(count * kValues);
  std::memcpy(values.data(), bytes.data() + count * kBlockBytes, values.size() * sizeof(float));
  std::vector<std::byte> blocks(count * kBlockBytes);
  encode_q4_1(values, blocks);
  for (size_t block = 0; block < count; ++block) {
    EXPECT_EQ(
        std::memcmp(blocks.data() + block * kBlockBytes, bytes.data() + block * kBlockBytes, kBlockBytes), 0)
        << "block " << block;
  }
}

}  // namespace
}  // namespace riposte::quant
