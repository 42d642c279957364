// Where the time of a step goes, by part, as one worker sees it: its own work and its waiting for the others at the part's
// end. Measured only when somebody asks.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace riposte::executor {

enum class StepPart : uint8_t {
  kEmbed,           // embedding rows, first norm
  kQkv,             // query, key and value products
  kPlace,           // biases, norms of heads, rope, writing keys and values
  kAttention,       // scores, softmax, values
  kQuantize,        // attention's and the feed-forward block's results to int8
  kAttentionOutput, // product
  kNorm,            // residual, norm, quantisation between blocks
  kGateUp,          // products and activation
  kDown,            // product
  kHead,            // output head and the winner
};
inline constexpr size_t kStepParts = 10;
inline constexpr std::array<std::string_view, kStepParts> kStepPartNames = {
    "embed", "qkv", "place", "attention", "quantize", "attention output", "norm", "gate up", "down", "head"};

struct StepProfile {
  std::array<std::chrono::nanoseconds, kStepParts> time{};
  uint64_t barriers = 0;
  uint64_t screened_panels = 0;   // of the output head, counted for each row (screened_head.h)
  uint64_t surviving_panels = 0;  // of those: had to be computed
};

}  // namespace riposte::executor
