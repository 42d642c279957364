#include "gguf/types.h"

#include <fmt/format.h>

#include <array>

#include "base/check.h"

namespace riposte::gguf {
namespace {

struct Supported {
  TensorType type;
  std::string_view name;
  BlockShape block;
};

// Bytes of a block: the half-precision scales first, then what the sum spells out in the order of the block's
// fields.
constexpr std::array kSupported = {
    Supported{TensorType::kF32, "F32", {1, 4}},
    Supported{TensorType::kF16, "F16", {1, 2}},
    Supported{TensorType::kBF16, "BF16", {1, 2}},
    Supported{TensorType::kQ4_0, "Q4_0", {32, 2 + 16}},
    Supported{TensorType::kQ4_1, "Q4_1", {32, 2 + 2 + 16}},
    Supported{TensorType::kQ5_0, "Q5_0", {32, 2 + 4 + 16}},
    Supported{TensorType::kQ5_1, "Q5_1", {32, 2 + 2 + 4 + 16}},
    Supported{TensorType::kQ8_0, "Q8_0", {32, 2 + 32}},
    Supported{TensorType::kQ2_K, "Q2_K", {256, 2 + 2 + 16 + 64}},
    Supported{TensorType::kQ3_K, "Q3_K", {256, 2 + 32 + 64 + 12}},
    Supported{TensorType::kQ4_K, "Q4_K", {256, 2 + 2 + 12 + 128}},
    Supported{TensorType::kQ5_K, "Q5_K", {256, 2 + 2 + 12 + 32 + 128}},
    Supported{TensorType::kQ6_K, "Q6_K", {256, 2 + 128 + 64 + 16}},
};

// Types that ggml knows and Riposte does not, so that an error can call them by their name.
struct Unsupported {
  uint32_t number;
  std::string_view name;
};
constexpr std::array kUnsupported = {
    Unsupported{9, "Q8_1"},    Unsupported{15, "Q8_K"},    Unsupported{16, "IQ2_XXS"},
    Unsupported{17, "IQ2_XS"}, Unsupported{18, "IQ3_XXS"}, Unsupported{19, "IQ1_S"},
    Unsupported{20, "IQ4_NL"}, Unsupported{21, "IQ3_S"},   Unsupported{22, "IQ2_S"},
    Unsupported{23, "IQ4_XS"}, Unsupported{24, "I8"},      Unsupported{25, "I16"},
    Unsupported{26, "I32"},    Unsupported{27, "I64"},     Unsupported{28, "F64"},
    Unsupported{29, "IQ1_M"},  Unsupported{34, "TQ1_0"},   Unsupported{35, "TQ2_0"},
    Unsupported{39, "MXFP4"},  Unsupported{40, "NVFP4"},   Unsupported{41, "Q1_0"},
};

const Supported* find_supported(uint32_t number) {
  for (const Supported& entry : kSupported) {
    if (static_cast<uint32_t>(entry.type) == number) return &entry;
  }
  return nullptr;
}

const Supported& entry_of(TensorType type) {
  const Supported* entry = find_supported(static_cast<uint32_t>(type));
  RIPOSTE_CHECK(entry != nullptr);
  return *entry;
}

}  // namespace

std::optional<TensorType> tensor_type_from(uint32_t number) {
  const Supported* entry = find_supported(number);
  if (!entry) return std::nullopt;
  return entry->type;
}

BlockShape block_shape(TensorType type) {
  return entry_of(type).block;
}

std::string_view name_of(TensorType type) {
  return entry_of(type).name;
}

std::string name_of_number(uint32_t number) {
  if (const Supported* entry = find_supported(number)) return std::string(entry->name);
  for (const Unsupported& entry : kUnsupported) {
    if (entry.number == number) return std::string(entry.name);
  }
  return fmt::format("type {}", number);
}

std::string supported_tensor_types() {
  std::string names;
  for (const Supported& entry : kSupported) {
    if (!names.empty()) names += ", ";
    names += entry.name;
  }
  return names;
}

}  // namespace riposte::gguf
