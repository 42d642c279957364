#include "executor/packed_cases.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "support/tiny_model.h"

namespace riposte::executor {

namespace fs = std::filesystem;
using gguf::TensorType;

TemporaryFolder::TemporaryFolder() {
  std::string pattern = fs::path(testing::TempDir()) / "packed_XXXXXX";
  path_ = ::mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::vector<std::string> TemporaryFolder::names(const fs::path& folder) const {
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder))
    found.push_back(entry.path().filename());
  std::sort(found.begin(), found.end());
  return found;
}

std::shared_ptr<const model::Model> write_tiny_model(const fs::path& path, uint64_t seed) {
  const support::TinyModelOptions options{.matrices = TensorType::kQ4_K,
                                          .types = {{"ffn_down", TensorType::kQ6_K},
                                                    {"attn_v", TensorType::kQ5_0},
                                                    {"blk.1.attn_k", TensorType::kF16}},
                                          .seed = seed};
  EXPECT_TRUE(support::write_tiny_gguf(path, options));
  auto model = model::Model::open(path);
  EXPECT_TRUE(model) << model.error().message;
  return model ? *model : nullptr;
}

namespace {

bool same_matrix(const quant::PackedMatrix& a, const quant::PackedMatrix& b) {
  return a.format() == b.format() && a.rows() == b.rows() && a.columns() == b.columns() &&
         a.bytes() == b.bytes() && (a.bytes() == 0 || std::memcmp(a.panel(0), b.panel(0), a.bytes()) == 0);
}

}  // namespace

bool same_weights(const PackedWeights& a, const PackedWeights& b) {
  if (a.layers.size() != b.layers.size() || !same_matrix(a.output, b.output) ||
      !same_matrix(a.screen, b.screen)) {
    return false;
  }
  for (size_t i = 0; i < a.layers.size(); ++i) {
    for (const auto matrix :
         {&PackedLayer::query, &PackedLayer::key, &PackedLayer::value, &PackedLayer::attention_output,
          &PackedLayer::gate, &PackedLayer::up, &PackedLayer::down}) {
      if (!same_matrix(a.layers[i].*matrix, b.layers[i].*matrix)) return false;
    }
  }
  return true;
}

uint64_t hash_of(const PackedWeights& weights) {
  uint64_t hash = 14695981039346656037u;
  for (const std::byte byte : weights.memory.span())
    hash = (hash ^ static_cast<uint64_t>(byte)) * 1099511628211u;
  return hash;
}

std::string read_bytes(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace riposte::executor
