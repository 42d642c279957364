// What the tests of packed weights share: a tiny model as a file in a folder of its own, and comparisons.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "executor/cpu/packed_weights.h"
#include "model/model.h"

namespace riposte::executor {

// A fresh folder, removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::vector<std::string> names(const std::filesystem::path& folder) const;  // of the files in it, sorted

 private:
  std::filesystem::path path_;
};

// Writes a tiny model of 4-, 5-, 6- and 8-bit matrices and opens it. Another seed: other weights.
std::shared_ptr<const model::Model> write_tiny_model(const std::filesystem::path& path, uint64_t seed = 1);

// FNV-1a over the bytes of all matrices.
uint64_t hash_of(const PackedWeights& weights);

// The same shapes and the same bytes in all matrices.
bool same_weights(const PackedWeights& a, const PackedWeights& b);

std::string read_bytes(const std::filesystem::path& path);
void write_bytes(const std::filesystem::path& path, const std::string& bytes);

}  // namespace riposte::executor
