#include "executor/cpu/reading_order.h"

#include <algorithm>

namespace riposte::executor {

using hardware::Share;
using model::Product;

namespace {

// What of [begin, end) lies in [first, first + count), counted from `first`.
Share part_of(Share whole, int64_t first, int64_t count) {
  return {std::clamp<int64_t>(whole.begin - first, 0, count),
          std::clamp<int64_t>(whole.end - first, 0, count)};
}

// Whether so many heads leave no worker idle for more than a sixth of the time.
bool deals_out(int32_t heads, int32_t workers) {
  const int32_t most = (heads + workers - 1) / workers;
  return 7 * heads >= 6 * most * workers;
}

std::array<Share, model::kProducts> shares_of(const PackedLayer& matrices, const model::ModelConfig& config,
                                              int worker, int workers, const Share* heads) {
  std::array<Share, model::kProducts> shares;
  for (size_t product = 0; product < model::kProducts; ++product) {
    shares[product] =
        hardware::share_of(matrices.of(static_cast<Product>(product)).panels(), worker, workers);
  }
  const auto set = [&](Product product, Share share) { shares[static_cast<size_t>(product)] = share; };
  if (heads != nullptr) {
    const int64_t panels = config.head_size / quant::kPanelRows;
    const auto panels_of = [&](int64_t first, int64_t count) {
      const Share part = part_of(*heads, first, count);
      return Share{part.begin * panels, part.end * panels};
    };
    set(Product::kQuery, panels_of(0, config.heads));
    set(Product::kKey, panels_of(config.heads, config.kv_heads));
    set(Product::kValue, panels_of(config.heads + config.kv_heads, config.kv_heads));
  }
  // Gate and up in whole groups of 32 columns, of two panels: a worker activates and quantises what it
  // computed itself.
  const Share groups =
      hardware::share_of((config.feed_forward + quant::kGroupSize - 1) / quant::kGroupSize, worker, workers);
  const Share panels{groups.begin * quant::kGroupPanels,
                     std::min(groups.end * quant::kGroupPanels, matrices.gate.panels())};
  set(Product::kGate, panels);
  set(Product::kUp, panels);
  return shares;
}

const std::byte* begin_of_panels(const quant::PackedMatrix& matrix, Share panels) {
  return panels.begin < panels.end ? matrix.panel(panels.begin) : nullptr;
}

}  // namespace

constexpr ReadingOrder::Order ReadingOrder::order_of_a_layer() {
  Order order;
  size_t count = 0;
  for (const auto& products : kTogether) {
    for (const Source source : {Source::kAdapterA, Source::kBase, Source::kAdapterB}) {
      for (const Product product : products) order[count++] = {source, product};
    }
  }
  return order;
}

constexpr ReadingOrder::Order ReadingOrder::kOrder = order_of_a_layer();

ReadingOrder::ReadingOrder(const PackedWeights& weights, const model::ModelConfig& config, int workers)
    : weights_(weights),
      workers_(workers),
      all_heads_(config.heads + 2 * config.kv_heads),
      by_heads_(deals_out(all_heads_, workers)) {
  for (int worker = 0; worker < workers; ++worker) {
    const Share its_heads = heads(worker);
    shares_.push_back(
        shares_of(weights.layers.front(), config, worker, workers, by_heads_ ? &its_heads : nullptr));
  }
}

void ReadingOrder::begin(const PackedAdapter* adapter, bool screening) {
  adapter_ = adapter;
  screening_ = screening;
}

const std::byte* ReadingOrder::begin_of(int worker, int32_t layer, Read read) const {
  const Share share = panels(worker, read.product);
  if (read.source == Source::kBase)
    return begin_of_panels(weight_of(weights_, adapter_, layer, read.product), share);
  if (adapter_ == nullptr) return nullptr;
  const PackedLowRank& pair = adapter_->of(layer, read.product);
  if (pair.empty()) return nullptr;
  return read.source == Source::kAdapterA ? pair.a.panel(0) : begin_of_panels(pair.b, share);
}

const std::byte* ReadingOrder::first_from(int worker, int32_t layer, size_t index) const {
  const auto layers = static_cast<int32_t>(weights_.layers.size());
  for (; layer < layers; ++layer, index = 0) {
    for (; index < kOrder.size(); ++index) {
      if (const std::byte* begin = begin_of(worker, layer, kOrder[index])) return begin;
    }
  }
  return begin_of_panels(screening_ ? weights_.screen : weights_.output, head_panels(worker));
}

const std::byte* ReadingOrder::after(int worker, int32_t layer, Source source, Product product) const {
  const auto* read = std::ranges::find_if(
      kOrder, [&](const Read& each) { return each.source == source && each.product == product; });
  return first_from(worker, layer, static_cast<size_t>(read - kOrder.begin()) + 1);
}

}  // namespace riposte::executor
