#include "drafting/context_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <thread>

namespace riposte::drafting {
namespace {

using testing::ElementsAre;
using Tokens = std::vector<TokenId>;

TEST(ContextTable, RemembersWhatWasWrittenAndHowOften) {
  ContextTable table(1 << 16);
  EXPECT_FALSE(table.find(1));
  table.observe(1, Tokens{7, 8});
  table.observe(1, {});
  table.observe(1, Tokens{7, 8});
  const auto known = table.find(1);
  ASSERT_TRUE(known);
  EXPECT_THAT(known->value(), ElementsAre(7, 8));
  EXPECT_EQ(known->taken, 2);
  EXPECT_EQ(known->seen, 3);
  EXPECT_FALSE(table.find(2));
}

TEST(ContextTable, KnowsContextsInWhichNothingWasWritten) {
  ContextTable table(1 << 16);
  table.observe(5, {});
  ASSERT_TRUE(table.find(5));
  EXPECT_EQ(table.find(5)->size, 0);
  EXPECT_EQ(table.find(5)->taken, 0);
}

TEST(ContextTable, OtherTokensWinWhenTheyComeOftener) {
  ContextTable table(1 << 16);
  for (int i = 0; i < 2; ++i) table.observe(1, Tokens{7});
  table.observe(1, Tokens{9});
  EXPECT_THAT(table.find(1)->value(), ElementsAre(7));
  table.observe(1, Tokens{9});
  EXPECT_THAT(table.find(1)->value(), ElementsAre(9));
  EXPECT_EQ(table.find(1)->taken, 1);
}

TEST(ContextTable, WhatIsTooLongCountsAsNothing) {
  ContextTable table(1 << 16);
  table.observe(1, Tokens(ContextTable::kMostTokens + 1, 3));
  EXPECT_EQ(table.find(1)->taken, 0);
  table.observe(2, Tokens(ContextTable::kMostTokens, 3));
  EXPECT_EQ(table.find(2)->taken, 1);
}

TEST(ContextTable, StaysWithinItsBytesAndForgetsWhatWasNeverWrittenFirst) {
  ContextTable table(4096);
  EXPECT_LE(table.bytes(), 4096u);
  EXPECT_GT(table.capacity(), 0u);
  table.observe(1000, Tokens{4});
  for (uint64_t context = 0; context < 500; ++context) table.observe(context, {});
  EXPECT_TRUE(table.find(1000)) << "something was written there";
  size_t kept = 0;
  for (uint64_t context = 0; context < 500; ++context) kept += table.find(context) ? 1 : 0;
  EXPECT_LE(kept, table.capacity() - 1);
  EXPECT_TRUE(table.find(499)) << "the latest";
  EXPECT_GT(ContextTable(0).capacity(), 0u);
}

TEST(ContextTable, CountsStayBounded) {
  ContextTable table(4096);
  for (int i = 0; i < 100'000; ++i) table.observe(1, Tokens{4});
  EXPECT_LE(table.find(1)->seen, 1000);
  EXPECT_LE(table.find(1)->taken, table.find(1)->seen);
}

TEST(ContextTable, ManyThreadsMayUseIt) {
  ContextTable table(8192);
  std::vector<std::thread> threads;
  for (uint32_t seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&table, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 5000; ++i) {
        const uint64_t context = random() % 300;
        table.observe(context, Tokens{static_cast<TokenId>(context)});
        if (const auto known = table.find(context)) {
          EXPECT_EQ(known->tokens[0], static_cast<TokenId>(context));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace riposte::drafting
