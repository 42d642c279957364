// The ceilings of this machine, measured: how fast it can read at each level of its memory, how fast it can
// multiply, and what a meeting of all threads costs. A benchmark is told in shares of these.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hardware/peak_loops.h"
#include "hardware/processor.h"
#include "hardware/thread_team.h"

namespace riposte::hardware {

// The greatest rate seen: of one thread with the others idle, and of all threads of the team together.
struct Rate {
  double one_thread = 0;
  double all_threads = 0;
};

struct MultiplyRates {
  std::string instruction_set;
  Rate int8;     // 10^9 multiply-accumulates a second
  Rate float32;  // 10^9 fused multiply-adds a second
};

struct Ceilings {
  std::string processor;
  int threads = 0;
  CacheSizes caches;

  // 10^9 bytes a second, read in order. A cache that the machine lacks has the rates of the next level
  // further out.
  Rate memory, l3, l2, l1;
  std::vector<MultiplyRates> multiply;  // of each instruction set, the best first
  double barrier_ns = 0;                // a barrier of all threads, all of them awake; 0 with one thread

  // The rate at which `bytes`, evenly spread over the threads and read again and again, can come at best:
  // that of the innermost level that holds them.
  double read_rate(size_t bytes, int threads_reading) const;
  // Of that instruction set; of the best where it is not known. Never null after measuring.
  const MultiplyRates* rates_of(std::string_view instruction_set) const;
};

// Measures in about three seconds. `loops` names at least one instruction set, the best first. Throws
// std::bad_alloc where there is no room for a buffer that is twice the last cache (at least 256 MB, with
// little memory: a quarter of it).
Ceilings measure_ceilings(ThreadTeam& team, std::span<const PeakLoops> loops);

// The reading of memory alone, in a third of a second: it changes within minutes on a machine with
// neighbours, so whoever states a share of it measures it in the same run.
Rate measure_memory(ThreadTeam& team, const PeakLoops& loops);

}  // namespace riposte::hardware
