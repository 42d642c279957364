// A LoRA adapter of a GGUF file: two small matrices beside each matrix of a base model that it changes,
//
//   W x + (alpha / rank) * B (A x)
//
// (Hu et al., arXiv 2106.09685), in the layout of llama.cpp's converter. What a file must hold:
// docs/adapters.md.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "model/config.h"
#include "model/weights.h"

namespace riposte::model {

struct Model;

// The products of a layer, each of which an adapter may change.
enum class Product : uint8_t { kQuery, kKey, kValue, kAttentionOutput, kGate, kUp, kDown };
inline constexpr size_t kProducts = 7;

const Matrix& matrix_of(const LayerWeights& layer, Product product);
Matrix& matrix_of(LayerWeights& layer, Product product);

// What is added to one product. Views into the adapter's file; every value is finite.
struct LowRank {
  Matrix a;            // [rank, columns of W]
  Matrix b;            // [rows of W, rank]
  float scale = 0.0f;  // alpha / rank

  bool empty() const { return a.empty(); }
};

using AdapterLayer = std::array<LowRank, kProducts>;  // index: Product

struct Adapter {
  gguf::File file;
  std::vector<AdapterLayer> layers;  // [layers of the base]; an empty LowRank where nothing is changed
  std::string name;                  // general.name, may be empty
  // What it was made for, if the file says so: a preset's name and language, and the prompt that it was
  // trained with, where
  // "{text}" stands once for the text. Both are empty or neither.
  std::string preset;
  std::string language;
  std::string prompt;
  // It learned to be merged into weights of this type (merge.h); Q4_1 is the only one so far.
  std::optional<gguf::TensorType> merges_into;
  uint64_t hash = 0;  // of all that changes an answer

  const LowRank& of(int32_t layer, Product product) const {
    return layers[static_cast<size_t>(layer)][static_cast<size_t>(product)];
  }

  // Reads an adapter for a model of this configuration and these weights. Errors: kUnsupported (no LoRA; a
  // tensor that Riposte cannot adapt), kInvalidArgument (made for another model: architecture, shapes or
  // hash), kCorrupt (missing or contradictory fields, half a pair, values that are not finite).
  static Result<Adapter> read(gguf::File file, const ModelConfig& config, const Weights& base);
  // The same from a file. Errors: those above and of gguf::File, with the path in front.
  static Result<std::shared_ptr<const Adapter>> open(const std::filesystem::path& path,
                                                     const ModelConfig& config, const Weights& base);
  static Result<std::shared_ptr<const Adapter>> open(const std::filesystem::path& path, const Model& base);
};

// What "riposte.adapter.base_xxh64" is compared with: XXH64 of the weights of all norms over the residual
// stream (output_norm, then attn_norm and ffn_norm of each layer) as little-endian float32. They are the same
// in every quantisation of one model, and others in every other model.
std::string base_hash(const Weights& base);

// A name of an adapter, a preset or a language: 1 to 64 letters, digits, "_", "." and "-".
bool is_adapter_name(std::string_view name);

}  // namespace riposte::model
