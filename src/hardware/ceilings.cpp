#include "hardware/ceilings.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "base/aligned_buffer.h"

namespace riposte::hardware {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr double kSecondsEach = 0.12;  // of each measurement
constexpr int kFewestSamples = 3;
constexpr size_t kChunk = 1024;  // what a read loop's size is a multiple of
// How far ahead to ask, in bytes: which distance is best differs between machines, so the best of these is
// taken.
constexpr size_t kAheadOfMemory[] = {0, 1024, 4096, 16384};
constexpr size_t kAheadOfCache[] = {0, 1024};

// The best rate of a few samples. `sample` does some work and returns how much; units a nanosecond are 10^9 a
// second.
template <class Sample>
double best_rate(double seconds, Sample&& sample) {
  double best = 0;
  const auto end = Clock::now() + Seconds(seconds);
  for (int samples = 0; samples < kFewestSamples || Clock::now() < end; ++samples) {
    const auto start = Clock::now();
    const double amount = sample();
    best = std::max(best, amount / std::max(1.0, static_cast<double>((Clock::now() - start) /
                                                                     std::chrono::nanoseconds(1))));
  }
  return best;
}

size_t whole_chunks(size_t bytes) {
  return std::max(kChunk, bytes / kChunk * kChunk);
}

size_t physical_memory() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? static_cast<size_t>(pages) * static_cast<size_t>(page) : size_t{1} << 30;
}

// Memory that each worker has written its own part of: the part lies near its processor, and is no page of
// zeros that the system has lent to everybody.
class Parts {
 public:
  Parts(ThreadTeam& team, size_t bytes_each) : each_(whole_chunks(bytes_each)), data_(each_ * workers(team)) {
    team.run(
        [this](int worker) { std::memset(data_.data() + each_ * static_cast<size_t>(worker), 1, each_); });
  }

  // Reads `bytes` of a worker's part, from `offset` on, `passes` times.
  void read(const PeakLoops& loops, int worker, size_t offset, size_t bytes, int64_t passes,
            size_t ahead) const {
    const std::byte* part = data_.data() + each_ * static_cast<size_t>(worker) + offset;
    for (int64_t pass = 0; pass < passes; ++pass) loops.read(part, bytes, ahead);
  }
  size_t bytes_each() const { return each_; }

 private:
  static size_t workers(const ThreadTeam& team) { return static_cast<size_t>(team.size()); }
  size_t each_;
  AlignedBuffer<std::byte> data_;
};

// A sample is long beside the clock and the start of the team, and short beside what neighbours take away now
// and then.
constexpr size_t kSampleBytes = size_t{16} << 20;

// The rate at which `readers` threads read `bytes` each, in samples that go round the bytes where those are
// more than one.
double read_rate_of(ThreadTeam& team, int readers, const PeakLoops& loops, const Parts& parts, size_t bytes,
                    std::span<const size_t> distances) {
  bytes = whole_chunks(std::min(bytes, parts.bytes_each()));
  const size_t slice = std::min(bytes, kSampleBytes);
  const auto passes = static_cast<int64_t>(kSampleBytes / slice);
  double best = 0;
  for (const size_t ahead : distances) {
    size_t offset = 0;
    best =
        std::max(best, best_rate(kSecondsEach / static_cast<double>(distances.size()), [&] {
                   offset = offset + 2 * slice <= bytes ? offset + slice : 0;
                   if (readers == 1) {
                     parts.read(loops, 0, offset, slice, passes, ahead);
                   } else {
                     team.run([&](int worker) { parts.read(loops, worker, offset, slice, passes, ahead); });
                   }
                   return static_cast<double>(slice) * static_cast<double>(passes) * readers;
                 }));
  }
  return best;
}

// `bytes_one` are read by the only thread, `bytes_each` by each of all.
Rate read_rates(ThreadTeam& team, const PeakLoops& loops, const Parts& parts, size_t bytes_one,
                size_t bytes_each, std::span<const size_t> distances) {
  Rate rate;
  rate.one_thread = read_rate_of(team, 1, loops, parts, bytes_one, distances);
  rate.all_threads =
      std::max(rate.one_thread, read_rate_of(team, team.size(), loops, parts, bytes_each, distances));
  return rate;
}

Rate multiply_rates(ThreadTeam& team, int64_t (*loop)(int64_t)) {
  constexpr int64_t kRounds = 10'000;
  Rate rate;
  rate.one_thread = best_rate(kSecondsEach / 2, [&] { return static_cast<double>(loop(kRounds)); });
  rate.all_threads = best_rate(kSecondsEach / 2, [&] {
    int64_t each = 0;
    team.run([&](int worker) {
      const int64_t count = loop(kRounds);
      if (worker == 0) each = count;
    });
    return static_cast<double>(each) * team.size();
  });
  rate.all_threads = std::max(rate.all_threads, rate.one_thread);
  return rate;
}

double barrier_ns(ThreadTeam& team) {
  if (team.size() == 1) return 0;
  constexpr int kBarriers = 200;
  const double barriers_a_ns = best_rate(kSecondsEach, [&] {
    team.run([&](int) {
      for (int i = 0; i < kBarriers; ++i) team.barrier();
    });
    return double{kBarriers};
  });
  return 1 / barriers_a_ns;
}

// Far more than the last cache holds, but no more than the machine can spare.
size_t bytes_of_memory_buffer(const CacheSizes& caches) {
  constexpr size_t kLeast = size_t{256} << 20;
  return std::min(std::max(kLeast, 2 * std::max(caches.l2, caches.l3)), physical_memory() / 4);
}

Rate memory_rates(ThreadTeam& team, const PeakLoops& loops, const CacheSizes& caches) {
  const Parts parts(team, bytes_of_memory_buffer(caches) / static_cast<size_t>(team.size()));
  return read_rates(team, loops, parts, parts.bytes_each(), parts.bytes_each(), kAheadOfMemory);
}

}  // namespace

double Ceilings::read_rate(size_t bytes, int threads_reading) const {
  const auto readers = static_cast<size_t>(std::clamp(threads_reading, 1, std::max(1, threads)));
  const size_t each = bytes / readers;
  const Rate& rate = each <= caches.l1 ? l1 : each <= caches.l2 ? l2 : bytes <= caches.l3 ? l3 : memory;
  // Between one thread and all of them: never more than so many single ones.
  return std::min(rate.one_thread * static_cast<double>(readers), rate.all_threads);
}

const MultiplyRates* Ceilings::rates_of(std::string_view instruction_set) const {
  for (const MultiplyRates& rates : multiply) {
    if (rates.instruction_set == instruction_set) return &rates;
  }
  return multiply.empty() ? nullptr : &multiply.front();
}

Ceilings measure_ceilings(ThreadTeam& team, std::span<const PeakLoops> loops) {
  Ceilings ceilings;
  ceilings.processor = processor_name();
  ceilings.threads = team.size();
  ceilings.caches = cache_sizes();
  const CacheSizes& caches = ceilings.caches;
  const PeakLoops& best = loops.front();
  const auto threads = static_cast<size_t>(team.size());

  ceilings.memory = memory_rates(team, best, caches);
  // Of each cache at most half is asked to stay, so that the stack and the other threads do not push it out.
  const Parts parts(team, std::max(caches.l3 / 2, caches.l2));
  const auto cache = [&](size_t bytes, size_t bytes_each, const Rate& further_out) {
    return bytes == 0 ? further_out : read_rates(team, best, parts, bytes / 2, bytes_each / 2, kAheadOfCache);
  };
  ceilings.l3 = cache(caches.l3, caches.l3 / threads, ceilings.memory);
  ceilings.l2 = cache(caches.l2, caches.l2, ceilings.l3);
  ceilings.l1 = cache(caches.l1, caches.l1, ceilings.l2);

  for (const PeakLoops& one : loops) {
    ceilings.multiply.push_back({std::string(one.instruction_set), multiply_rates(team, one.multiply_int8),
                                 multiply_rates(team, one.multiply_float)});
  }
  ceilings.barrier_ns = barrier_ns(team);
  return ceilings;
}

Rate measure_memory(ThreadTeam& team, const PeakLoops& loops) {
  return memory_rates(team, loops, cache_sizes());
}

}  // namespace riposte::hardware
