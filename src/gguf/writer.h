// Writing a GGUF file: version 3, little endian, tensors aligned to 32 bytes, in the order in which they were
// added.
//
//   Writer writer;
//   writer.set("general.architecture", "llama");
//   writer.add_tensor("output_norm.weight", TensorType::kF32, {576}, bytes);
//   writer.write(path);
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "gguf/types.h"

namespace riposte::gguf {

class Writer {
 public:
  static constexpr uint64_t kAlignment = 32;

  // Copies key and value. The type in the file is that of the value's alternative: uint32_t{5},
  // Array(std::vector<...>). Errors: kInvalidArgument if the key was set before, or is general.alignment (the
  // writer's own affair).
  Result<void> set(std::string_view key, const Value& value);

  // `shape` innermost first, as in Tensor. `data` is not copied: it must live until the file is written.
  // Errors: kInvalidArgument if the name was added before, the shape is impossible for the type, or `data` is
  // not exactly as long as type and shape ask for.
  Result<void> add_tensor(std::string_view name, TensorType type, std::vector<uint64_t> shape,
                          std::span<const std::byte> data);

  // The whole file in memory.
  std::vector<std::byte> bytes() const;

  // The whole file at `path`, complete or not at all: an older file of that name stays until the new one is
  // on the disk. Errors: kIo.
  Result<void> write(const std::filesystem::path& path) const;

 private:
  // Everything before the data of the tensors, padded to the alignment.
  std::vector<std::byte> head() const;

  uint64_t metadata_count_ = 0;
  std::vector<std::byte> metadata_;      // as the file has it
  std::vector<std::byte> descriptions_;  // of the tensors, as the file has them
  std::vector<std::span<const std::byte>> data_;
  uint64_t data_bytes_ = 0;  // with padding after each tensor
  std::unordered_set<std::string> keys_;
  std::unordered_set<std::string> names_;
};

}  // namespace riposte::gguf
