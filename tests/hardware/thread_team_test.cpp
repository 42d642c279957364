#include "hardware/thread_team.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <chrono>
#include <numeric>
#include <thread>
#include <vector>

namespace riposte::hardware {
namespace {

TEST(ThreadTeam, EveryWorkerRunsEveryJobOnce) {
  for (const int size : {1, 2, 3, 5, 16, 64}) {
    ThreadTeam team(size);
    std::vector<int> runs(static_cast<size_t>(size));
    for (int job = 0; job < 20; ++job) team.run([&](int worker) { ++runs[static_cast<size_t>(worker)]; });
    EXPECT_EQ(runs, std::vector<int>(static_cast<size_t>(size), 20)) << size << " workers";
  }
}

TEST(ThreadTeam, WhatWasWrittenBeforeABarrierIsSeenAfterIt) {
  for (const int size : {2, 3, 7}) {
    ThreadTeam team(size);
    std::vector<int> values(static_cast<size_t>(size));
    std::vector<int> sums(static_cast<size_t>(size));
    constexpr int kRounds = 200;
    team.run([&](int worker) {
      for (int round = 0; round < kRounds; ++round) {
        values[static_cast<size_t>(worker)] = round + worker;
        team.barrier();
        sums[static_cast<size_t>(worker)] += std::accumulate(values.begin(), values.end(), 0);
        team.barrier();
      }
    });
    const int expected = size * (kRounds * (kRounds - 1) / 2) + kRounds * (size * (size - 1) / 2);
    EXPECT_EQ(sums, std::vector<int>(static_cast<size_t>(size), expected)) << size << " workers";
    EXPECT_EQ(team.barriers(), 2 * kRounds + 1u);
  }
}

TEST(ThreadTeam, PinnedWorkersStayOnAProcessorEachAndTheCallerStaysFree) {
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof allowed, &allowed), 0);
  ThreadTeam team(4, /*pinned=*/true);
  std::vector<cpu_set_t> sets(4);
  team.run([&](int worker) { sched_getaffinity(0, sizeof(cpu_set_t), &sets[static_cast<size_t>(worker)]); });
  EXPECT_TRUE(CPU_EQUAL(&sets[0], &allowed));
  for (size_t worker = 1; worker < sets.size(); ++worker) {
    EXPECT_EQ(CPU_COUNT(&sets[worker]), 1) << worker;
    cpu_set_t inside;
    CPU_AND(&inside, &sets[worker], &allowed);
    EXPECT_TRUE(CPU_EQUAL(&inside, &sets[worker])) << worker << " left the processors of the process";
    if (CPU_COUNT(&allowed) >= 4) {
      EXPECT_FALSE(CPU_EQUAL(&sets[worker], &sets[worker % 3 + 1])) << worker;
    }
  }
}

TEST(ThreadTeam, WakesUpAfterWorkersWentToSleep) {
  // Long enough for idle workers and for those at a barrier to give up spinning.
  ThreadTeam team(3);
  int runs = 0;
  for (int job = 0; job < 3; ++job) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    team.run([&](int worker) {
      if (worker == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      team.barrier();
      if (worker == 1) ++runs;
    });
  }
  EXPECT_EQ(runs, 3);
}

TEST(ThreadTeam, SharesCoverAllItemsEvenly) {
  for (const int workers : {1, 2, 3, 64}) {
    for (const int64_t count : {0, 1, 5, 64, 1000}) {
      int64_t next = 0;
      for (int worker = 0; worker < workers; ++worker) {
        const Share share = share_of(count, worker, workers);
        EXPECT_EQ(share.begin, next);
        EXPECT_LE(share.end - share.begin, count / workers + 1);
        next = share.end;
      }
      EXPECT_EQ(next, count);
    }
  }
}

}  // namespace
}  // namespace riposte::hardware
