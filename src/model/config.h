// What a model is, as data. One transformer step reads this; no architecture has code of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "gguf/file.h"

namespace riposte::model {

// Which elements of a head rotary embeddings turn together.
enum class RopePairs {
  kAdjacent,  // (0,1), (2,3), ...: llama as GGUF stores it
  kHalves,    // (0, d/2), (1, d/2+1), ...: qwen2, qwen3, gemma3
};

enum class Activation { kSilu, kGeluTanh };

struct ModelConfig {
  std::string architecture;  // "llama", "qwen2", "qwen3", "gemma3"
  std::string name;          // general.name, may be empty

  // Sizes. query width = heads * head_size; key and value width = kv_heads * head_size.
  int32_t layers = 0;
  int32_t hidden = 0;
  int32_t heads = 0;
  int32_t kv_heads = 0;
  int32_t head_size = 0;
  int32_t feed_forward = 0;
  int32_t vocabulary = 0;
  int32_t context_length = 0;  // positions that the model was trained for

  float norm_epsilon = 1e-6f;
  RopePairs rope_pairs = RopePairs::kHalves;
  double rope_base = 10000.0;         // layers with full attention
  double rope_base_local = 10000.0;   // layers with a sliding window
  double rope_scale = 1.0;            // positions are divided by this (linear scaling) in layers with full attention
  int32_t sliding_window = 0;         // a local layer sees the last so many positions, its own included; 0: no local layers
  int32_t full_attention_every = 1;   // layer i has full attention if (i + 1) % this == 0, or if there is no window

  Activation activation = Activation::kSilu;
  float embedding_scale = 1.0f;  // embeddings are multiplied by this
  float attention_scale = 0.0f;  // scores are multiplied by this; 1/sqrt(head_size) unless the file says otherwise
  bool qkv_bias = false;
  bool qk_norm = false;          // RMSNorm over each head of Q and K before rope
  bool post_norms = false;       // RMSNorm after attention and after the feed-forward block, before the residual

  bool is_local(int32_t layer) const {
    return sliding_window > 0 && (layer + 1) % full_attention_every != 0;
  }
};

// Reads and checks all of the above. Errors: kUnsupported (an architecture that Riposte does not know, named together
// with those it does), kCorrupt (missing, absurd or contradictory values).
Result<ModelConfig> read_config(const gguf::File& file);

std::string supported_architectures();  // "llama, qwen2, qwen3, gemma3"

}  // namespace riposte::model
