// The tensors of a model by their role, checked for presence, type and shape; still in the file's own formats.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"
#include "model/config.h"

namespace riposte::model {

// A matrix as the file stores it: `rows` outputs, each of `columns` inputs. Views into the mapped file.
struct Matrix {
  gguf::TensorType type = gguf::TensorType::kF32;
  int32_t rows = 0;
  int32_t columns = 0;
  std::span<const std::byte> data;  // rows * row_bytes()

  bool empty() const { return rows == 0; }
  size_t row_bytes() const;
  std::span<const std::byte> row(int32_t index) const;
};

// Small vectors are decoded to float32 at once. An absent one is empty.
using Vector = std::vector<float>;

struct LayerWeights {
  Vector attention_norm;        // [hidden]
  Matrix query;                 // [heads * head_size, hidden]
  Matrix key;                   // [kv_heads * head_size, hidden]
  Matrix value;                 // [kv_heads * head_size, hidden]
  Vector query_bias;            // [heads * head_size] if qkv_bias
  Vector key_bias;              // [kv_heads * head_size]
  Vector value_bias;            // [kv_heads * head_size]
  Vector query_norm;            // [head_size] if qk_norm
  Vector key_norm;              // [head_size]
  Matrix attention_output;      // [hidden, heads * head_size]
  Vector post_attention_norm;   // [hidden] if post_norms
  Vector feed_forward_norm;     // [hidden]
  Matrix gate;                  // [feed_forward, hidden]
  Matrix up;                    // [feed_forward, hidden]
  Matrix down;                  // [hidden, feed_forward]
  Vector post_feed_forward_norm;  // [hidden] if post_norms
};

struct Weights {
  Matrix token_embedding;  // [vocabulary, hidden]
  Vector output_norm;      // [hidden]
  Matrix output;           // [vocabulary, hidden]; the token embedding again where the file ties them
  Vector rope_factors;     // [head_size / 2] divisors of the rope frequencies (Llama 3.x); empty: all 1
  std::vector<LayerWeights> layers;
};

// Errors: kCorrupt (a tensor is missing or has another shape than the configuration says: both are named).
// The Weights view the file, which must outlive them.
Result<Weights> read_weights(const gguf::File& file, const ModelConfig& config);

}  // namespace riposte::model
