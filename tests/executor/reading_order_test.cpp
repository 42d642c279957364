// Every panel is one worker's, and what a worker reads behind each matrix is known before it gets there.

#include "executor/cpu/reading_order.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "executor/cpu/read_ahead.h"
#include "model/model.h"

namespace riposte::executor {
namespace {

using model::Product;
using Source = ReadingOrder::Source;

const std::filesystem::path kModels = RIPOSTE_SOURCE_DIR "/tests/executor/models";
constexpr Product kAll[] = {Product::kQuery, Product::kKey, Product::kValue, Product::kAttentionOutput,
                            Product::kGate,  Product::kUp,  Product::kDown};

std::shared_ptr<const model::Model> open(const std::string& architecture) {
  auto model = model::Model::open(kModels / (architecture + ".gguf"));
  EXPECT_TRUE(model) << model.error().message;
  return *model;
}

class EveryArchitecture : public testing::TestWithParam<std::string> {};

TEST_P(EveryArchitecture, GivesEveryPanelToOneWorker) {
  const auto model = open(GetParam());
  hardware::ThreadTeam team(1);
  const PackedWeights weights = pack_weights(model->weights, team);
  for (int workers = 1; workers <= 64; ++workers) {
    const ReadingOrder order(weights, model->config, workers);
    for (const Product product : kAll) {
      int64_t end = 0;
      for (int worker = 0; worker < workers; ++worker) {
        const hardware::Share share = order.panels(worker, product);
        ASSERT_LE(share.begin, share.end);
        if (share.begin == share.end) continue;
        ASSERT_EQ(share.begin, end) << "worker " << worker << " of " << workers;
        end = share.end;
      }
      ASSERT_EQ(end, weights.layers[0].of(product).panels()) << workers << " workers";
    }
  }
}

TEST_P(EveryArchitecture, GivesWholeHeadsAndTheSameColumnsOfGateAndUp) {
  const auto model = open(GetParam());
  hardware::ThreadTeam team(1);
  const PackedWeights weights = pack_weights(model->weights, team);
  const int64_t head = model->config.head_size / quant::kPanelRows;
  for (int workers = 1; workers <= 64; ++workers) {
    const ReadingOrder order(weights, model->config, workers);
    for (int worker = 0; worker < workers; ++worker) {
      int64_t heads = 0;
      for (const Product product : {Product::kQuery, Product::kKey, Product::kValue}) {
        const hardware::Share share = order.panels(worker, product);
        if (order.by_heads()) {
          EXPECT_EQ(share.begin % head, 0);
          EXPECT_EQ(share.end % head, 0);
        }
        heads += (share.end - share.begin) / head;
      }
      // As many as the executor takes for the worker's when it places them.
      const hardware::Share all =
          hardware::share_of(model->config.heads + 2 * model->config.kv_heads, worker, workers);
      if (order.by_heads()) {
        EXPECT_EQ(heads, all.end - all.begin) << "worker " << worker << " of " << workers;
      }
      const hardware::Share gate = order.panels(worker, Product::kGate),
                            up = order.panels(worker, Product::kUp);
      EXPECT_EQ(gate.begin, up.begin);
      EXPECT_EQ(gate.end, up.end);
      if (gate.begin < gate.end) {
        EXPECT_EQ(gate.begin * quant::kPanelRows % quant::kGroupSize, 0);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, EveryArchitecture, testing::Values("llama", "qwen2", "qwen3", "gemma3"));

// A base with an adapter of some products only: of the first layer's Q and V, of both layers' down.
class ReadingOrderWithAdapter : public testing::Test {
 protected:
  ReadingOrderWithAdapter()
      : model_(open("llama")), team_(1), weights_(pack_weights(model_->weights, team_)) {
    const auto whole = model::Adapter::open(kModels / "llama.adapter.gguf", *model_);
    EXPECT_TRUE(whole) << whole.error().message;
    auto partial = std::make_shared<model::Adapter>(*model::Adapter::read(
        *gguf::File::open(kModels / "llama.adapter.gguf"), model_->config, model_->weights));
    for (size_t layer = 0; layer < partial->layers.size(); ++layer) {
      for (const Product product : kAll) {
        const bool kept = product == Product::kDown ||
                          (layer == 0 && (product == Product::kQuery || product == Product::kValue));
        if (!kept) partial->layers[layer][static_cast<size_t>(product)] = {};
      }
    }
    adapter_ = *pack_adapter(*partial, team_);
  }

  const std::byte* base(int32_t layer, Product product, int worker, const ReadingOrder& order) const {
    return weights_.layers[static_cast<size_t>(layer)].of(product).panel(order.panels(worker, product).begin);
  }

  std::shared_ptr<const model::Model> model_;
  hardware::ThreadTeam team_;
  PackedWeights weights_;
  PackedAdapter adapter_;
};

TEST_F(ReadingOrderWithAdapter, GoesOnWithTheBaseAloneWhereNoRowHasAnAdapter) {
  ReadingOrder order(weights_, model_->config, 1);
  order.begin(nullptr, false);
  const auto last = static_cast<int32_t>(weights_.layers.size()) - 1;
  ASSERT_GE(last, 1);
  for (int32_t layer = 0; layer <= last; ++layer) {
    for (size_t i = 0; i + 1 < std::size(kAll); ++i) {
      EXPECT_EQ(order.after(0, layer, Source::kBase, kAll[i]), base(layer, kAll[i + 1], 0, order));
    }
    const std::byte* next =
        layer < last ? base(layer + 1, Product::kQuery, 0, order) : weights_.output.panel(0);
    EXPECT_EQ(order.after(0, layer, Source::kBase, Product::kDown), next);
  }
  EXPECT_EQ(order.after_head(0), base(0, Product::kQuery, 0, order));
}

TEST_F(ReadingOrderWithAdapter, PassesByWhatTheAdapterLacks) {
  ReadingOrder order(weights_, model_->config, 1);
  order.begin(&adapter_, false);
  const PackedLowRank& q = adapter_.of(0, Product::kQuery);
  const PackedLowRank& v = adapter_.of(0, Product::kValue);
  const PackedLowRank& down = adapter_.of(0, Product::kDown);
  EXPECT_EQ(order.after_head(0), q.a.panel(0));
  EXPECT_EQ(order.after(0, 0, Source::kAdapterA, Product::kQuery), v.a.panel(0));
  EXPECT_EQ(order.after(0, 0, Source::kAdapterA, Product::kValue), base(0, Product::kQuery, 0, order));
  EXPECT_EQ(order.after(0, 0, Source::kBase, Product::kValue), q.b.panel(0));
  EXPECT_EQ(order.after(0, 0, Source::kAdapterB, Product::kQuery), v.b.panel(0));
  EXPECT_EQ(order.after(0, 0, Source::kAdapterB, Product::kValue),
            base(0, Product::kAttentionOutput, 0, order));
  EXPECT_EQ(order.after(0, 0, Source::kBase, Product::kUp), down.a.panel(0));
  EXPECT_EQ(order.after(0, 0, Source::kAdapterB, Product::kDown), base(1, Product::kQuery, 0, order));
}

TEST_F(ReadingOrderWithAdapter, EndsWithTheHeadThatIsRead) {
  ReadingOrder order(weights_, model_->config, 2);
  const auto last = static_cast<int32_t>(weights_.layers.size()) - 1;
  order.begin(nullptr, false);
  const int64_t second_half = order.head_panels(1).begin;
  ASSERT_GT(second_half, 0);
  EXPECT_EQ(order.after(1, last, Source::kBase, Product::kDown), weights_.output.panel(second_half));
  if (weights_.screen.panels() == 0) GTEST_SKIP() << "this head has no screening form";
  order.begin(nullptr, true);
  EXPECT_EQ(order.after(1, last, Source::kBase, Product::kDown), weights_.screen.panel(second_half));
}

TEST_F(ReadingOrderWithAdapter, AWorkerWithoutAShareHasNothingToPassBy) {
  const int workers = 64;  // more than there are heads and panels
  ReadingOrder order(weights_, model_->config, workers);
  order.begin(&adapter_, false);
  for (int worker = 0; worker < workers; ++worker) {
    for (const Product product : kAll) order.after(worker, 0, Source::kBase, product);
    const std::byte* first = order.after_head(worker);
    EXPECT_EQ(first, adapter_.of(0, Product::kQuery).a.panel(0)) << "A is every worker's";
  }
}

TEST_F(ReadingOrderWithAdapter, TheAdaptersMatricesLieSideBySideInTheOrderOfReading) {
  const PackedLowRank& q = adapter_.of(0, Product::kQuery);
  const PackedLowRank& v = adapter_.of(0, Product::kValue);
  EXPECT_EQ(q.a.panel(0), adapter_.memory.data());
  EXPECT_EQ(v.a.panel(0), q.a.panel(0) + q.a.bytes());
  EXPECT_EQ(q.b.panel(0), v.a.panel(0) + v.a.bytes());
  EXPECT_EQ(v.b.panel(0), q.b.panel(0) + q.b.bytes());
  EXPECT_EQ(adapter_.bytes(), adapter_.memory.size());
}

TEST(ReadAhead, IsWholePanelsOfAtLeast16KiBAndGoesOnBehindTheLast) {
  const quant::PackedMatrix small(gguf::TensorType::kQ4_1, 16 * 40, 576);
  const auto bytes = static_cast<int64_t>(small.layout().bytes);
  const int64_t distance = (kReadAhead + bytes - 1) / bytes;
  ASSERT_GT(distance, 1);
  std::vector<std::byte> next(1 << 20);
  EXPECT_EQ(read_ahead(small, 0, 40, next.data()), small.panel(distance));
  EXPECT_EQ(read_ahead(small, 40 - distance - 1, 40, next.data()), small.panel(39));
  EXPECT_EQ(read_ahead(small, 40 - distance, 40, next.data()), next.data());
  EXPECT_EQ(read_ahead(small, 39, 40, next.data()), next.data() + (distance - 1) * bytes);
  EXPECT_EQ(read_ahead(small, 39, 40, nullptr), nullptr);
  const quant::PackedMatrix large(gguf::TensorType::kQ4_1, 32, 8192);
  EXPECT_EQ(read_ahead(large, 0, 2, nullptr), large.panel(1));
}

}  // namespace
}  // namespace riposte::executor
