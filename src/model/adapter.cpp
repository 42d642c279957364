#include "model/adapter.h"

#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>

#include "gguf/cursor.h"
#include "model/model.h"
#include "quant/decode.h"

namespace riposte::model {
namespace {

using gguf::printable;

constexpr std::string_view kSuffixA = ".lora_a";
constexpr std::string_view kSuffixB = ".lora_b";
constexpr std::string_view kPlaceholder = "{text}";

struct Role {
  std::string_view name;  // in "blk.N.NAME.weight"
  Matrix LayerWeights::*matrix;
};

// By Product.
constexpr std::array<Role, kProducts> kRoles = {{{"attn_q", &LayerWeights::query},
                                                 {"attn_k", &LayerWeights::key},
                                                 {"attn_v", &LayerWeights::value},
                                                 {"attn_output", &LayerWeights::attention_output},
                                                 {"ffn_gate", &LayerWeights::gate},
                                                 {"ffn_up", &LayerWeights::up},
                                                 {"ffn_down", &LayerWeights::down}}};

struct Place {
  size_t layer;
  size_t product;
};

// Where "blk.N.ROLE.weight" belongs.
std::optional<Place> place_of(std::string_view base_name) {
  constexpr std::string_view kBlock = "blk.", kWeight = ".weight";
  if (!base_name.starts_with(kBlock) || !base_name.ends_with(kWeight)) return std::nullopt;
  base_name.remove_prefix(kBlock.size());
  base_name.remove_suffix(kWeight.size());
  size_t layer = 0;
  const char* end = base_name.data() + base_name.size();
  const auto number = std::from_chars(base_name.data(), end, layer);
  if (number.ec != std::errc() || number.ptr == end || *number.ptr != '.') return std::nullopt;
  const std::string_view role(number.ptr + 1, static_cast<size_t>(end - number.ptr - 1));
  const auto found = std::ranges::find(kRoles, role, &Role::name);
  if (found == kRoles.end()) return std::nullopt;
  return Place{layer, static_cast<size_t>(found - kRoles.begin())};
}

bool can_be_read(gguf::TensorType type) {
  using enum gguf::TensorType;
  return type == kF32 || type == kF16 || type == kBF16 || type == kQ8_0;
}

Result<Matrix> matrix_from(const gguf::Tensor& tensor) {
  const std::string name = printable(tensor.name);
  if (tensor.shape.size() != 2)
    return fail(ErrorCode::kCorrupt, "'{}' has {} dimensions, but must be a matrix", name,
                tensor.shape.size());
  if (!can_be_read(tensor.type)) {
    return fail(ErrorCode::kUnsupported, "'{}' is {}, but adapters are read as F32, F16, BF16 or Q8_0", name,
                gguf::name_of(tensor.type));
  }
  if (tensor.columns() > INT32_MAX || tensor.rows() > INT32_MAX)
    return fail(ErrorCode::kCorrupt, "'{}' is [{}, {}], which no base has", name, tensor.columns(),
                tensor.rows());
  return Matrix{tensor.type, static_cast<int32_t>(tensor.rows()), static_cast<int32_t>(tensor.columns()),
                tensor.data};
}

Result<void> check_finite(const Matrix& matrix, std::string_view name) {
  std::vector<float> row(static_cast<size_t>(matrix.columns));
  for (int32_t index = 0; index < matrix.rows; ++index) {
    quant::decode(matrix.type, matrix.row(index), row);
    const auto bad = std::ranges::find_if(row, [](float value) { return !std::isfinite(value); });
    if (bad != row.end()) {
      return fail(ErrorCode::kCorrupt, "'{}' holds {} in row {}; the adapter is damaged", printable(name),
                  *bad, index);
    }
  }
  return {};
}

// The half of a pair that a tensor is; the other is looked up by its name.
Result<void> read_pair(const gguf::File& file, const gguf::Tensor& a_tensor, std::string_view base_name,
                       float alpha, const Weights& base, std::vector<AdapterLayer>& layers) {
  const std::string name = printable(base_name);
  const auto place = place_of(base_name);
  if (!place) {
    return fail(ErrorCode::kUnsupported,
                "it changes '{}'; Riposte adapts the matrices of attention and feed-forward blocks only",
                name);
  }
  if (place->layer >= base.layers.size()) {
    return fail(ErrorCode::kInvalidArgument,
                "it changes '{}', but this model has {} blocks: it was made for another model", name,
                base.layers.size());
  }
  const std::string b_name = fmt::format("{}{}", base_name, kSuffixB);
  const gguf::Tensor* b_tensor = file.find_tensor(b_name);
  if (!b_tensor) return fail(ErrorCode::kCorrupt, "there is a lora_a for '{}', but no lora_b", name);
  const auto a = matrix_from(a_tensor);
  if (!a) return pass_on(a);
  const auto b = matrix_from(*b_tensor);
  if (!b) return pass_on(b);
  if (b->columns != a->rows) {
    return fail(ErrorCode::kCorrupt, "for '{}' lora_a has the rank {}, but lora_b {}", name, a->rows,
                b->columns);
  }
  const Matrix& weight = base.layers[place->layer].*kRoles[place->product].matrix;
  if (a->columns != weight.columns || b->rows != weight.rows) {
    return fail(ErrorCode::kInvalidArgument,
                "it makes {} values of '{}' out of {}, but in this model that matrix is [{}, {}]: it was "
                "made for another "
                "model",
                b->rows, name, a->columns, weight.columns, weight.rows);
  }
  // It would cost more than the base: whoever wrote that has mixed something up.
  if (a->rows > int64_t{weight.rows} + weight.columns) {
    return fail(ErrorCode::kCorrupt, "for '{}' the rank is {}, but the matrix is [{}, {}]", name, a->rows,
                weight.columns, weight.rows);
  }
  if (auto finite = check_finite(*a, a_tensor.name); !finite) return finite;
  if (auto finite = check_finite(*b, b_name); !finite) return finite;
  layers[place->layer][place->product] = {*a, *b, alpha / static_cast<float>(a->rows)};
  return {};
}

Result<void> read_tensors(const gguf::File& file, float alpha, const Weights& base,
                          std::vector<AdapterLayer>& layers) {
  if (file.tensors().empty()) return fail(ErrorCode::kCorrupt, "it holds no tensors");
  for (const gguf::Tensor& tensor : file.tensors()) {
    std::string_view base_name = tensor.name;
    if (base_name.ends_with(kSuffixA)) {
      base_name.remove_suffix(kSuffixA.size());
      if (auto read = read_pair(file, tensor, base_name, alpha, base, layers); !read) return read;
      continue;
    }
    if (!base_name.ends_with(kSuffixB)) {
      return fail(ErrorCode::kUnsupported,
                  "its tensor '{}' is neither a lora_a nor a lora_b; answers without it would be wrong",
                  printable(tensor.name));
    }
    base_name.remove_suffix(kSuffixB.size());
    if (!file.find_tensor(fmt::format("{}{}", base_name, kSuffixA)))
      return fail(ErrorCode::kCorrupt, "there is a lora_b for '{}', but no lora_a", printable(base_name));
  }
  return {};
}

// A text of the metadata; `otherwise` if the key is absent.
Result<std::string> text_of(const gguf::File& file, std::string_view key, std::string_view otherwise = {}) {
  if (!file.find(key)) return std::string(otherwise);
  const auto text = file.get_string(key);
  if (!text) return pass_on(text);
  return std::string(*text);
}

Result<void> require_text(const gguf::File& file, std::string_view key, std::string_view wanted,
                          std::string_view problem) {
  const auto found = text_of(file, key);
  if (!found) return pass_on(found);
  if (*found == wanted) return {};
  return fail(ErrorCode::kUnsupported, "{}: '{}' is '{}', not '{}'", problem, key, printable(*found), wanted);
}

Result<float> read_alpha(const gguf::File& file) {
  const auto alpha = file.get_float("adapter.lora.alpha");
  if (!alpha) return pass_on(alpha);
  const auto value = static_cast<float>(*alpha);
  if (!std::isfinite(value) || !(value > 0.0f))
    return fail(ErrorCode::kCorrupt, "'adapter.lora.alpha' is {}, but must be a positive number", *alpha);
  return value;
}

Result<void> read_purpose(const gguf::File& file, Adapter& adapter) {
  constexpr std::string_view kPreset = "riposte.adapter.preset", kPrompt = "riposte.adapter.prompt",
                             kLanguage = "riposte.adapter.language";
  for (const auto& [key, field, otherwise] :
       {std::tuple(std::string_view("general.name"), &Adapter::name, ""),
        std::tuple(kPreset, &Adapter::preset, ""), std::tuple(kPrompt, &Adapter::prompt, ""),
        std::tuple(kLanguage, &Adapter::language, "en")}) {
    auto text = text_of(file, key, otherwise);
    if (!text) return pass_on(text);
    adapter.*field = std::move(*text);
  }
  if (!file.find(kPreset) && !file.find(kPrompt)) return {};
  for (const auto& [key, value] :
       {std::pair(kPreset, &adapter.preset), std::pair(kLanguage, &adapter.language)}) {
    if (!is_adapter_name(*value)) {
      return fail(ErrorCode::kCorrupt,
                  "'{}' is '{}', but must be 1 to 64 letters, digits, '_', '.' and '-' ('{}' and '{}' "
                  "come together)",
                  key, printable(*value), kPreset, kPrompt);
    }
  }
  const size_t at = adapter.prompt.find(kPlaceholder);
  if (at == std::string::npos || adapter.prompt.find(kPlaceholder, at + 1) != std::string::npos)
    return fail(ErrorCode::kCorrupt, "'{}' must contain {} exactly once", kPrompt, kPlaceholder);
  return {};
}

Result<std::optional<gguf::TensorType>> read_merging(const gguf::File& file) {
  constexpr std::string_view kKey = "riposte.adapter.merges_into";
  constexpr gguf::TensorType kKnown = gguf::TensorType::kQ4_1;
  const auto name = text_of(file, kKey);
  if (!name) return pass_on(name);
  if (name->empty()) return std::nullopt;
  if (*name != gguf::name_of(kKnown))
    return fail(ErrorCode::kUnsupported, "'{}' is '{}'; Riposte merges into {} only", kKey, printable(*name),
                gguf::name_of(kKnown));
  return kKnown;
}

Result<void> check_base(const gguf::File& file, const ModelConfig& config, const Weights& base) {
  const auto architecture = file.get_string("general.architecture");
  if (!architecture) return pass_on(architecture);
  if (*architecture != config.architecture) {
    return fail(ErrorCode::kInvalidArgument,
                "it was made for a model of the architecture '{}', this one is '{}'",
                printable(*architecture), config.architecture);
  }
  const auto wanted = text_of(file, "riposte.adapter.base_xxh64");
  if (!wanted) return pass_on(wanted);
  if (!wanted->empty() && *wanted != base_hash(base)) {
    return fail(ErrorCode::kInvalidArgument,
                "it was made for the model with the hash '{}', this one has '{}'", printable(*wanted),
                base_hash(base));
  }
  return {};
}

uint64_t hash_of(const gguf::File& file, float alpha) {
  XXH3_state_t* state = XXH3_createState();
  XXH3_64bits_reset(state);
  XXH3_64bits_update(state, &alpha, sizeof alpha);
  for (const gguf::Tensor& tensor : file.tensors()) {
    XXH3_64bits_update(state, tensor.name.data(), tensor.name.size());
    XXH3_64bits_update(state, &tensor.type, sizeof tensor.type);
    XXH3_64bits_update(state, tensor.shape.data(), tensor.shape.size() * sizeof tensor.shape[0]);
    XXH3_64bits_update(state, tensor.data.data(), tensor.data.size());
  }
  const uint64_t hash = XXH3_64bits_digest(state);
  XXH3_freeState(state);
  return hash;
}

}  // namespace

const Matrix& matrix_of(const LayerWeights& layer, Product product) {
  return layer.*kRoles[static_cast<size_t>(product)].matrix;
}

Matrix& matrix_of(LayerWeights& layer, Product product) {
  return layer.*kRoles[static_cast<size_t>(product)].matrix;
}

bool is_adapter_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

std::string base_hash(const Weights& base) {
  static_assert(std::endian::native == std::endian::little);
  XXH64_state_t* state = XXH64_createState();
  XXH64_reset(state, 0);
  const auto add = [state](const Vector& values) {
    XXH64_update(state, values.data(), values.size() * sizeof(float));
  };
  add(base.output_norm);
  for (const LayerWeights& layer : base.layers) {
    add(layer.attention_norm);
    add(layer.feed_forward_norm);
  }
  const uint64_t hash = XXH64_digest(state);
  XXH64_freeState(state);
  return fmt::format("{:016x}", hash);
}

Result<Adapter> Adapter::read(gguf::File file, const ModelConfig& config, const Weights& base) {
  if (auto is = require_text(file, "general.type", "adapter", "it is no adapter"); !is) return pass_on(is);
  if (auto is = require_text(file, "adapter.type", "lora", "it is no LoRA adapter"); !is) return pass_on(is);
  if (auto fits = check_base(file, config, base); !fits) return pass_on(fits);
  const auto alpha = read_alpha(file);
  if (!alpha) return pass_on(alpha);
  const auto merges_into = read_merging(file);
  if (!merges_into) return pass_on(merges_into);
  Adapter adapter{
      std::move(file), std::vector<AdapterLayer>(base.layers.size()), {}, {}, {}, {}, *merges_into, 0};
  if (auto read = read_purpose(adapter.file, adapter); !read) return pass_on(read);
  if (auto read = read_tensors(adapter.file, *alpha, base, adapter.layers); !read) return pass_on(read);
  adapter.hash = hash_of(adapter.file, *alpha);
  return adapter;
}

Result<std::shared_ptr<const Adapter>> Adapter::open(const std::filesystem::path& path, const Model& base) {
  return open(path, base.config, base.weights);
}

Result<std::shared_ptr<const Adapter>> Adapter::open(const std::filesystem::path& path,
                                                     const ModelConfig& config, const Weights& base) {
  auto file = gguf::File::open(path);
  if (!file) return pass_on(file);
  auto adapter = read(std::move(*file), config, base);
  if (!adapter) return tl::unexpected<Error>(adapter.error().within(path.string()));
  return std::make_shared<const Adapter>(std::move(*adapter));
}

}  // namespace riposte::model
