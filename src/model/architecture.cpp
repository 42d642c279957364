#include "model/architecture.h"

#include <algorithm>
#include <array>

namespace riposte::model {
namespace {

// GGUF stores the query and key rows of llama so that rotary pairs are neighbours; of the others as
// published. Gemma 3: five local layers, then a full one (technical report, arXiv 2503.19786); of its sizes
// only the 27B one, with 62 layers, has a query scale of its own.
constexpr std::array kArchitectures = {
    Architecture{.name = "llama",
                 .rope_pairs = RopePairs::kAdjacent,
                 .activation = Activation::kSilu,
                 .qkv_bias = Presence::kOptional,
                 .qk_norm = false,
                 .post_norms = false,
                 .scales_embedding = false,
                 .local = {}},
    Architecture{.name = "qwen2",
                 .rope_pairs = RopePairs::kHalves,
                 .activation = Activation::kSilu,
                 .qkv_bias = Presence::kAlways,
                 .qk_norm = false,
                 .post_norms = false,
                 .scales_embedding = false,
                 .local = {}},
    Architecture{.name = "qwen3",
                 .rope_pairs = RopePairs::kHalves,
                 .activation = Activation::kSilu,
                 .qkv_bias = Presence::kOptional,
                 .qk_norm = true,
                 .post_norms = false,
                 .scales_embedding = false,
                 .local = {}},
    Architecture{.name = "gemma3",
                 .rope_pairs = RopePairs::kHalves,
                 .activation = Activation::kGeluTanh,
                 .qkv_bias = Presence::kNever,
                 .qk_norm = true,
                 .post_norms = true,
                 .scales_embedding = true,
                 .local = {.present = true, .full_attention_every = 6, .rope_base = 10000.0},
                 .layers_scaled_by_width = 62},
};

}  // namespace

std::span<const Architecture> architectures() {
  return kArchitectures;
}

const Architecture* find_architecture(std::string_view name) {
  const auto found = std::find_if(kArchitectures.begin(), kArchitectures.end(),
                                  [&](const Architecture& candidate) { return candidate.name == name; });
  return found == kArchitectures.end() ? nullptr : &*found;
}

}  // namespace riposte::model
