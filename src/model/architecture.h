// The architectures that Riposte knows: what distinguishes one from another, as data.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/config.h"

namespace riposte::model {

enum class Presence { kNever, kOptional, kAlways };

// The sliding-window layers of an architecture that mixes them with layers of full attention.
struct LocalAttention {
  bool present = false;
  int32_t full_attention_every = 1;  // unless the file says otherwise
  double rope_base = 10000.0;        // unless the file says otherwise
};

struct Architecture {
  std::string_view name;  // general.architecture, and the prefix of its metadata keys
  RopePairs rope_pairs;
  Activation activation;
  Presence qkv_bias;
  bool qk_norm;
  bool post_norms;
  bool scales_embedding;  // embeddings are multiplied by sqrt(hidden)
  LocalAttention local;
  // Models with this many layers were trained with scores divided by sqrt(hidden / heads) instead of
  // sqrt(head_size), and their files do not say so; 0: none.
  int32_t layers_scaled_by_width = 0;
};

std::span<const Architecture> architectures();
const Architecture* find_architecture(std::string_view name);  // null if unknown

}  // namespace riposte::model
