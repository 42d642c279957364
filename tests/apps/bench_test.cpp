// What the benchmarks count and divide by.
#include "apps/bench.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "apps/step_work.h"
#include "support/tiny_model.h"

namespace riposte::apps {
namespace {

hardware::Ceilings made_up() {
  hardware::Ceilings ceilings;
  ceilings.threads = 2;
  ceilings.caches = {.l1 = 100, .l2 = 1000, .l3 = 1'000'000};
  ceilings.l1 = {400, 800};
  ceilings.l2 = {200, 400};
  ceilings.l3 = {100, 200};
  ceilings.memory = {10, 20};
  ceilings.multiply = {{"best", {500, 1000}, {50, 100}}, {"other", {50, 100}, {5, 10}}};
  return ceilings;
}

TEST(Bench, SpreadIsMedianLeastAndMost) {
  const Spread odd = spread_of({5, 1, 3});
  EXPECT_EQ(odd.median, 3);
  EXPECT_EQ(odd.least, 1);
  EXPECT_EQ(odd.most, 5);
  EXPECT_EQ(spread_of({4, 1, 2, 9}).median, 3);
  EXPECT_EQ(spread_of({7}).median, 7);
}

TEST(Bench, TheNearerCeilingIsTheOneThatAllowsLess) {
  // 2 GB in 0.2 s are half of 20 GB/s; 50 GMAC in 0.2 s a quarter of 1000 GMAC/s.
  const CeilingShare reading = nearer_ceiling(made_up(), "best", 2e9, 50e9, 0.2);
  EXPECT_EQ(reading.of, "memory");
  EXPECT_DOUBLE_EQ(reading.share, 0.5);
  const CeilingShare multiplying = nearer_ceiling(made_up(), "best", 2e9, 150e9, 0.2);
  EXPECT_EQ(multiplying.of, "int8");
  EXPECT_DOUBLE_EQ(multiplying.share, 0.75);
}

TEST(Bench, TheCeilingOfMultiplyingIsThatOfTheInstructionSet) {
  EXPECT_DOUBLE_EQ(nearer_ceiling(made_up(), "other", 1, 5e9, 0.1).share, 0.5);
  EXPECT_DOUBLE_EQ(nearer_ceiling(made_up(), "", 1, 50e9, 0.1).share, 0.5);
}

TEST(Bench, WhatACacheHoldsIsMeasuredAgainstTheCache) {
  const CeilingShare share = nearer_ceiling(made_up(), "best", 1e6, 0, 1e-5);  // 100 GB/s
  EXPECT_EQ(share.of, "cache");
  EXPECT_DOUBLE_EQ(share.share, 0.5);
}

class StepWorkOfTinyModel : public testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("riposte_work_" + std::to_string(getpid()) + ".gguf");
    ASSERT_TRUE(support::write_tiny_gguf(
        path_, {.architecture = "qwen2", .vocabulary = support::TinyVocabulary::kByteLevelBpe}));
    auto opened = model::Model::open(path_);
    ASSERT_TRUE(opened) << opened.error().message;
    model_ = *opened;
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::filesystem::path path_;
  std::shared_ptr<const model::Model> model_;
};

// hidden 256, 4 heads and 2 KV heads of 64, feed forward 512, 2 layers.
constexpr double kQkvWeights = 256 * (256 + 2 * 128);
constexpr double kLayerWeights = kQkvWeights + 256 * 256 + 3 * 256 * 512;

TEST_F(StepWorkOfTinyModel, MultipliesEveryWeightOncePerRowButTheHeadAndMostOfTheLastLayerPerAnswer) {
  const double head = model_->config.vocabulary * 256.0;
  EXPECT_EQ(work_of_step(*model_, 1, 1, 0).all().multiplications, 2 * kLayerWeights + head);
  EXPECT_EQ(work_of_step(*model_, 12, 1, 0).all().multiplications,
            12 * (kLayerWeights + kQkvWeights) + (kLayerWeights - kQkvWeights) + head);
  EXPECT_EQ(work_of_step(*model_, 12, 12, 0).all().multiplications, 12 * (2 * kLayerWeights + head));
}

TEST_F(StepWorkOfTinyModel, ReadsWeightsOnceWhateverTheRowsAndKeysAndValuesOfAllPositions) {
  const double position = 2 * 2 * 2 * 2 * 64;  // layers, key and value, 2 bytes, KV heads, head size
  const double weights = work_of_step(*model_, 12, 12, 0).all().bytes - 12 * position;
  EXPECT_EQ(work_of_step(*model_, 20, 20, 0).all().bytes, weights + 20 * position);
  EXPECT_EQ(work_of_step(*model_, 12, 12, 100).all().bytes, weights + 112 * position);
  // Q8_0: 34 bytes for 32 weights, and no less packed.
  EXPECT_GE(weights, (2 * kLayerWeights + model_->config.vocabulary * 256.0) * 34 / 32);
  EXPECT_LE(weights, 1.03 * (2 * kLayerWeights + model_->config.vocabulary * 256.0) * 34 / 32);
}

TEST_F(StepWorkOfTinyModel, ReadsThreeFifthsOfTheHeadForOneAnswer) {
  const double head = model_->config.vocabulary * 256.0 * 34 / 32;
  const double spared = work_of_step(*model_, 12, 12, 0).all().bytes - work_of_step(*model_, 12, 1, 0).all().bytes;
  EXPECT_NEAR(spared / head, 0.4, 0.04);
}

}  // namespace
}  // namespace riposte::apps
