// An adapter file with some bytes overwritten: either an error, or pairs of matrices that fit the base and
// can be read whole.
//
// Input: which of the tiny adapters (1 byte), then edits of 3 bytes each: offset (little endian) and new
// value.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "model/adapter.h"
#include "model/model.h"
#include "quant/decode.h"

namespace {

using namespace riposte::model;

void require(bool condition) {
  if (!condition) std::abort();
}

struct Case {
  std::shared_ptr<const Model> base;
  std::vector<std::byte> adapter;
};

Case read_case(const std::string& architecture) {
  const std::string path = RIPOSTE_SOURCE_DIR "/tests/executor/models/" + architecture;
  auto base = Model::open(path + ".gguf");
  require(base.has_value());
  std::ifstream file(path + ".adapter.gguf", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  require(!text.empty());
  const auto bytes = std::as_bytes(std::span(text));
  return {*base, {bytes.begin(), bytes.end()}};
}

void require_finite(const Matrix& matrix) {
  require(matrix.rows > 0 && matrix.data.size() == static_cast<size_t>(matrix.rows) * matrix.row_bytes());
  std::vector<float> row(static_cast<size_t>(matrix.columns));
  for (int32_t index = 0; index < matrix.rows; ++index) {
    riposte::quant::decode(matrix.type, matrix.row(index), row);
    for (const float value : row) require(std::isfinite(value));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::array<Case, 4> cases = {read_case("llama"), read_case("qwen2"), read_case("qwen3"),
                                            read_case("gemma3")};
  if (size == 0) return 0;
  const Case& one = cases[data[0] % cases.size()];
  std::vector<std::byte> bytes = one.adapter;
  for (size_t at = 1; at + 3 <= size; at += 3) {
    const size_t offset = data[at] | static_cast<size_t>(data[at + 1]) << 8;
    bytes[offset % bytes.size()] = static_cast<std::byte>(data[at + 2]);
  }
  auto file = riposte::gguf::File::parse(bytes);
  if (!file) return 0;
  const auto adapter = Adapter::read(std::move(*file), one.base->config, one.base->weights);
  if (!adapter) {
    require(!adapter.error().message.empty());
    return 0;
  }
  require(adapter->preset.empty() == adapter->prompt.empty());
  require(adapter->layers.size() == one.base->weights.layers.size());
  for (size_t layer = 0; layer < adapter->layers.size(); ++layer) {
    for (size_t product = 0; product < kProducts; ++product) {
      const LowRank& pair = adapter->layers[layer][product];
      if (pair.empty()) continue;
      const Matrix& weight = matrix_of(one.base->weights.layers[layer], static_cast<Product>(product));
      require(pair.a.columns == weight.columns && pair.b.rows == weight.rows &&
              pair.b.columns == pair.a.rows);
      require(std::isfinite(pair.scale) && pair.scale >= 0.0f);
      require_finite(pair.a);
      require_finite(pair.b);
    }
  }
  return 0;
}
