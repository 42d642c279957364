#include "hardware/thread_team.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace riposte::hardware {
namespace {

// Spins (about 30 nanoseconds each) before a worker that waits for others inside a step goes to sleep: about 50
// microseconds, longer than any pause of a healthy step. Where other processes take the processors away the wait is longer,
// and then sleeping is far better than spinning: the kernel soon runs a thread that slept, while one that spun has used
// its share.
constexpr int kSpinsAtABarrier = 1500;
// Spins before a worker without a job goes to sleep: about two milliseconds, so that the pause between two steps of one
// answer never costs a wake-up.
constexpr int kSpinsWithoutAJob = 60'000;

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("isb" ::: "memory");
#endif
}

int cgroup_quota() {
  std::ifstream file("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return 0;
  return std::max(1, static_cast<int>(std::ceil(std::strtod(quota.c_str(), nullptr) / period)));
}

// Binds the calling thread to the processor number `index` (modulo their count) of those that the process may use. Where
// the kernel refuses, the thread goes on unbound.
void stay_on_a_processor(int index) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || CPU_COUNT(&allowed) == 0) return;
  int left = index % CPU_COUNT(&allowed);
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (!CPU_ISSET(processor, &allowed) || left-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(processor, &one);
    sched_setaffinity(0, sizeof one, &one);
    return;
  }
}

}  // namespace

int available_processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set)
                                                           : static_cast<int>(std::thread::hardware_concurrency());
  if (const int quota = cgroup_quota(); quota > 0) count = std::min(count, quota);
  return std::max(1, count);
}

ThreadTeam::ThreadTeam(int size, bool pinned) : size_(std::max(1, size)) {
  threads_.reserve(static_cast<size_t>(size_) - 1);
  for (int worker = 1; worker < size_; ++worker) {
    threads_.emplace_back([this, worker, pinned] {
      if (pinned) stay_on_a_processor(worker);
      work_until_stopped(worker);
    });
  }
}

ThreadTeam::~ThreadTeam() {
  stopping_ = true;
  generation_.fetch_add(1);
  generation_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadTeam::start(Function function, void* context) {
  if (size_ == 1) {
    function(context, 0);
    return;
  }
  function_ = function;
  context_ = context;
  generation_.fetch_add(1);  // sequentially consistent, as is sleepers_: either we see the sleeper or it sees the job
  if (sleepers_.load() > 0) generation_.notify_all();
  function(context, 0);
  arrive_and_wait();
}

void ThreadTeam::barrier() {
  if (size_ > 1) arrive_and_wait();
}

void ThreadTeam::arrive_and_wait() {
  const uint32_t phase = phase_.load(std::memory_order_acquire);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
    arrived_.store(0, std::memory_order_relaxed);
    barriers_.fetch_add(1, std::memory_order_relaxed);
    phase_.store(phase + 1);  // sequentially consistent, as is waiting_: no sleeper is missed
    if (waiting_.load() > 0) phase_.notify_all();
    return;
  }
  for (int spins = 0; spins < kSpinsAtABarrier; ++spins) {
    if (phase_.load(std::memory_order_acquire) != phase) return;
    pause();
  }
  waiting_.fetch_add(1);
  while (phase_.load() == phase) phase_.wait(phase);
  waiting_.fetch_sub(1);
}

void ThreadTeam::work_until_stopped(int worker) {
  uint32_t seen = 0;
  while (true) {
    int spins = 0;
    while (generation_.load(std::memory_order_acquire) == seen) {
      if (++spins < kSpinsWithoutAJob) {
        pause();
      } else {
        sleepers_.fetch_add(1);
        generation_.wait(seen);
        sleepers_.fetch_sub(1);
      }
    }
    ++seen;
    if (stopping_) return;
    function_(context_, worker);
    arrive_and_wait();
  }
}

}  // namespace riposte::hardware
