// Which panels of each matrix a worker multiplies in a layer, and in which order it reads them: what comes
// next is on its way from memory before it is needed (read_ahead.h).
//
//   of the adapter A for Q, K, V; of the base Q, K, V; of the adapter B for Q, K, V; the same for the
//   attention output, for gate and up, for down; then the next layer, behind the last the output head, behind
//   that the first layer
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "executor/cpu/packed_adapter.h"
#include "executor/cpu/packed_weights.h"
#include "hardware/thread_team.h"
#include "model/adapter.h"
#include "model/config.h"

namespace riposte::executor {

class ReadingOrder {
 public:
  // `weights` must outlive this.
  ReadingOrder(const PackedWeights& weights, const model::ModelConfig& config, int workers);

  // Whether Q, K and V are dealt out in whole heads, all of them together: where that leaves no worker idle
  // for long.
  bool by_heads() const { return by_heads_; }
  // A worker's heads then: first come those of Q, then of K, then of V.
  hardware::Share heads(int worker) const { return hardware::share_of(all_heads_, worker, workers_); }

  // A step begins, by one thread. `adapter`: the one of most or all rows, null if they have none.
  // `screening`: the output head is screened.
  void begin(const PackedAdapter* adapter, bool screening);

  // The panels of a product that a worker multiplies, the same in every layer.
  hardware::Share panels(int worker, model::Product product) const {
    return shares_[static_cast<size_t>(worker)][static_cast<size_t>(product)];
  }
  hardware::Share head_panels(int worker) const {
    return hardware::share_of(weights_.output.panels(), worker, workers_);
  }

  // Where the worker's reading goes on behind its share of a matrix.
  enum class Source : uint8_t { kAdapterA, kBase, kAdapterB };
  const std::byte* after(int worker, int32_t layer, Source source, model::Product product) const;
  const std::byte* after_head(int worker) const { return first_from(worker, 0, 0); }

 private:
  struct Read {
    Source source;
    model::Product product;
  };
  using Order = std::array<Read, 3 * model::kProducts>;
  static constexpr Order order_of_a_layer();
  static const Order kOrder;

  // Where the first read begins that is not empty, from number `index` of this layer's on.
  const std::byte* first_from(int worker, int32_t layer, size_t index) const;
  const std::byte* begin_of(int worker, int32_t layer, Read read) const;

  const PackedWeights& weights_;
  int workers_;
  int32_t all_heads_;
  bool by_heads_;
  std::vector<std::array<hardware::Share, model::kProducts>> shares_;  // [workers]
  const PackedAdapter* adapter_ = nullptr;
  bool screening_ = false;
};

}  // namespace riposte::executor
