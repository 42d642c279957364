// The ceilings of this machine, measured with plain loops: here the measuring is under test, not the loops.
#include "hardware/ceilings.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>

namespace riposte::hardware {
namespace {

int64_t multiply(int64_t rounds) {
  volatile uint32_t factor = 3;
  uint32_t sum = 0;
  for (int64_t round = 0; round < rounds; ++round) sum = sum * factor + 1;
  factor = sum;
  return rounds;
}

int64_t multiply_twice(int64_t rounds) {
  return 2 * multiply(rounds);
}

void read(const std::byte* data, size_t bytes, size_t) {
  uint64_t sum = 0;
  const auto* words = reinterpret_cast<const uint64_t*>(data);
  for (size_t word = 0; word < bytes / 8; ++word) sum += words[word];
  volatile uint64_t seen = sum;
  (void)seen;
}

constexpr PeakLoops kPlain{"plain", multiply, multiply, read};
constexpr PeakLoops kTwice{"twice", multiply_twice, multiply_twice, read};

void expect_rate(const Rate& rate) {
  EXPECT_GT(rate.one_thread, 0);
  EXPECT_GE(rate.all_threads, rate.one_thread);
}

Ceilings made_up() {
  Ceilings ceilings;
  ceilings.threads = 4;
  ceilings.caches = {.l1 = 1000, .l2 = 10'000, .l3 = 100'000};
  ceilings.l1 = {100, 400};
  ceilings.l2 = {50, 200};
  ceilings.l3 = {20, 60};
  ceilings.memory = {10, 15};
  return ceilings;
}

TEST(Ceilings, AreMeasuredForEveryLevelAndEveryInstructionSet) {
  ThreadTeam team(2);
  const std::array loops = {kTwice, kPlain};
  const Ceilings ceilings = measure_ceilings(team, loops);
  EXPECT_FALSE(ceilings.processor.empty());
  EXPECT_EQ(ceilings.threads, 2);
  for (const Rate& rate : {ceilings.memory, ceilings.l3, ceilings.l2, ceilings.l1}) expect_rate(rate);
  ASSERT_EQ(ceilings.multiply.size(), 2u);
  EXPECT_EQ(ceilings.multiply[0].instruction_set, "twice");
  EXPECT_EQ(ceilings.multiply[1].instruction_set, "plain");
  for (const MultiplyRates& rates : ceilings.multiply) {
    expect_rate(rates.int8);
    expect_rate(rates.float32);
  }
  EXPECT_GT(ceilings.barrier_ns, 0);
}

TEST(Ceilings, OfOneThreadHaveNoBarrierAndCountWhatTheLoopsSayTheyDid) {
  ThreadTeam team(1);
  const std::array loops = {kTwice, kPlain};
  const Ceilings ceilings = measure_ceilings(team, loops);
  EXPECT_EQ(ceilings.threads, 1);
  EXPECT_EQ(ceilings.barrier_ns, 0);
  // The same work, counted twice: the rate doubles, give or take what a busy machine does.
  EXPECT_GT(ceilings.multiply[0].int8.one_thread, 1.3 * ceilings.multiply[1].int8.one_thread);
}

TEST(Ceilings, OfMemoryCanBeMeasuredAlone) {
  ThreadTeam team(2);
  expect_rate(measure_memory(team, kPlain));
}

TEST(Ceilings, OfReadingAreThoseOfTheInnermostLevelThatHoldsTheBytes) {
  const Ceilings ceilings = made_up();
  EXPECT_EQ(ceilings.read_rate(1000, 1), 100);
  EXPECT_EQ(ceilings.read_rate(1001, 1), 50);
  EXPECT_EQ(ceilings.read_rate(10'001, 1), 20);
  EXPECT_EQ(ceilings.read_rate(100'001, 1), 10);
}

TEST(Ceilings, OfReadingShareInnerCachesButNotTheLast) {
  const Ceilings ceilings = made_up();
  EXPECT_EQ(ceilings.read_rate(4000, 4), 400);    // 1000 in each first level
  EXPECT_EQ(ceilings.read_rate(100'000, 4), 60);  // all share the last level
  EXPECT_EQ(ceilings.read_rate(400'000, 4), 15);
}

TEST(Ceilings, OfSomeThreadsAreAtMostThoseOfAll) {
  const Ceilings ceilings = made_up();
  EXPECT_EQ(ceilings.read_rate(1'000'000, 2), 15);
  EXPECT_EQ(ceilings.read_rate(50'000, 2), 40);
  EXPECT_EQ(ceilings.read_rate(1'000'000, 99), 15);
  EXPECT_EQ(ceilings.read_rate(1'000'000, 0), 10);
}

TEST(Ceilings, OfAnUnknownInstructionSetAreThoseOfTheBest) {
  Ceilings ceilings = made_up();
  EXPECT_EQ(ceilings.rates_of("plain"), nullptr);
  ceilings.multiply = {{"best", {1, 2}, {3, 4}}, {"plain", {5, 6}, {7, 8}}};
  EXPECT_EQ(ceilings.rates_of("plain"), &ceilings.multiply[1]);
  EXPECT_EQ(ceilings.rates_of("other"), &ceilings.multiply[0]);
}

TEST(Processor, HasANameAndCachesThatGrowOutwards) {
  EXPECT_FALSE(processor_name().empty());
  const CacheSizes sizes = cache_sizes();
  if (sizes.l1 == 0 || sizes.l2 == 0) GTEST_SKIP() << "the system does not tell of its caches";
  EXPECT_GE(sizes.l1, 4096u);
  EXPECT_GE(sizes.l2, sizes.l1);
}

}  // namespace
}  // namespace riposte::hardware
