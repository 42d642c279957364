// A LoRA adapter with random values for any model file, made in memory: what tiny_model.h is for models.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "gguf/writer.h"

namespace riposte::support {

struct TinyAdapterOptions {
  int32_t rank = 8;
  float alpha = 16.0f;
  gguf::TensorType type = gguf::TensorType::kF16;  // Q8_0 needs a rank of whole blocks of 32
  uint64_t seed = 1;
  // The adapter's share of each product, beside a base that keeps the size of its inputs.
  float gain = 0.3f;
  std::string preset = {};  // with a prompt; empty: neither
  std::string prompt = {};
};

// All matrices of all layers of the base. The same options give the same bytes on every machine.
std::vector<std::byte> make_tiny_adapter(const gguf::File& base, const TinyAdapterOptions& options = {});

// As a file, for the model in another file. Errors: kIo, those of gguf::File.
Result<void> write_tiny_adapter(const std::filesystem::path& path, const std::filesystem::path& base,
                                const TinyAdapterOptions& options = {});

}  // namespace riposte::support
