// What a step of few rows must not cost: memory from the heap, and more than five meetings of all threads a layer.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <new>
#include <numeric>

#include "executor/cpu/step_profile.h"
#include "executor/executors.h"

// Sanitizers bring their own operator new.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RIPOSTE_COUNTS_ALLOCATIONS 0
#else
#define RIPOSTE_COUNTS_ALLOCATIONS 1
#endif

namespace {

std::atomic<int64_t> allocations{0};

}  // namespace

#if RIPOSTE_COUNTS_ALLOCATIONS
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"  // inlined into a caller it looks like one
void* operator new(size_t size) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  if (void* memory = std::malloc(size ? size : 1)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
#endif

namespace riposte::executor {
namespace {

class ShortStep : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto file = std::filesystem::path(RIPOSTE_SOURCE_DIR "/tests/executor/models") / (std::string(GetParam()) + ".gguf");
    model_ = *model::Model::open(file);
    ExecutorOptions options;
    options.adapters = {*model::Adapter::open(
        std::filesystem::path(file).replace_extension(".adapter.gguf"), *model_)};
    options.profile = &profile_;
    executor_ = *make_cpu_executor(model_, team_, options);
  }

  // A step of `rows` rows at the next positions; the last answers.
  void step(int32_t rows) {
    const std::vector<TokenId> tokens(static_cast<size_t>(rows), 7);
    std::vector<int32_t> positions(tokens.size());
    std::iota(positions.begin(), positions.end(), next_);
    const std::vector<int32_t> sequences(tokens.size(), 0);
    std::vector<model::RowOutput> outputs(tokens.size(), model::RowOutput::kNone);
    outputs.back() = model::RowOutput::kArgmax;
    const std::vector<model::PageId> pages = {0, 1, 2, 3};
    const std::vector<std::span<const model::PageId>> tables = {pages};
    const std::vector<model::AdapterId> adapters = {adapter_};
    const int64_t allocated = allocations;
    const uint64_t met = profile_.barriers;
    const auto result = executor_->step({tokens, positions, sequences, outputs, tables, {}, adapters});
    allocated_ = allocations - allocated;
    met_ = static_cast<int64_t>(profile_.barriers - met);
    ASSERT_TRUE(result) << result.error().message;
    next_ += rows;
  }

  hardware::ThreadTeam team_{2};
  StepProfile profile_;
  std::shared_ptr<const model::Model> model_;
  std::unique_ptr<model::Executor> executor_;
  int32_t next_ = 0;
  model::AdapterId adapter_ = model::kNoAdapter;
  int64_t allocated_ = 0;
  int64_t met_ = 0;
};

TEST_P(ShortStep, TakesNoMemoryFromTheHeap) {
  if (!RIPOSTE_COUNTS_ALLOCATIONS) GTEST_SKIP() << "a sanitizer counts allocations itself";
  ASSERT_GT(allocations, 0) << "nothing is counted";
  step(1);  // the first may
  for (const int32_t rows : {1, 4, 12, 1}) {
    step(rows);
    EXPECT_EQ(allocated_, 0) << rows << " rows";
  }
}

TEST_P(ShortStep, TakesNoMemoryFromTheHeapWithAnAdapter) {
  if (!RIPOSTE_COUNTS_ALLOCATIONS) GTEST_SKIP() << "a sanitizer counts allocations itself";
  adapter_ = 1;
  step(1);  // the first may
  for (const int32_t rows : {1, 4, 12, 20, 1}) {
    step(rows);
    EXPECT_EQ(allocated_, 0) << rows << " rows";
  }
}

TEST_P(ShortStep, MeetsNoMoreOftenWithAnAdapter) {
  for (const int32_t rows : {1, 4}) {
    adapter_ = model::kNoAdapter;
    step(rows);
    const int64_t without = met_;
    adapter_ = 1;
    step(rows);
    EXPECT_EQ(met_, without) << rows << " rows";
  }
}

TEST_P(ShortStep, MeetsFiveTimesALayer) {
  // Beside the layers: its beginning, before the output head and after, and between a screen of the head and its exact part.
  constexpr int64_t kLeast = 3, kMost = 4;
  for (const int32_t rows : {1, 4}) {
    step(rows);
    EXPECT_GE(met_, 5 * model_->config.layers + kLeast) << rows << " rows";
    EXPECT_LE(met_, 5 * model_->config.layers + kMost) << rows << " rows";
  }
}

INSTANTIATE_TEST_SUITE_P(Architectures, ShortStep, testing::Values("llama", "qwen2", "qwen3", "gemma3"),
                         [](const auto& instance) { return std::string(instance.param); });

}  // namespace
}  // namespace riposte::executor
