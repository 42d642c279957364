// One team of threads for all parallel work of an executor, started once. The caller is worker 0.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

namespace riposte::hardware {

// The processors that this process may use: its affinity mask and its cgroup's quota, at least 1.
int available_processors();

// Work is a function of the worker's number, run by all of them at once. Between steps workers spin for a short while
// (a wake-up by the kernel costs tens of microseconds, a step's parallel part often less) and then sleep.
class ThreadTeam {
 public:
  // `pinned`: worker 1 and those after it stay on one processor each, of those that this process may use (worker w on
  // number w % count). The caller stays free: it has other work, and threads of its own that would inherit the bond.
  explicit ThreadTeam(int size = available_processors(), bool pinned = false);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return size_; }

  // Runs work(worker) for worker = 0 .. size-1 and returns when all have. One caller at a time; not from within work.
  template <class Work>
  void run(Work&& work) {
    using Plain = std::remove_reference_t<Work>;
    start([](void* context, int worker) { (*static_cast<Plain*>(context))(worker); },
          const_cast<std::remove_const_t<Plain>*>(&work));
  }

  // Inside run(): returns when all workers have arrived. Everything written before is visible after.
  void barrier();

  // How many barriers and runs there have been, for tests and benchmarks.
  uint64_t barriers() const { return barriers_.load(std::memory_order_relaxed); }

 private:
  using Function = void (*)(void* context, int worker);
  void start(Function function, void* context);
  void work_until_stopped(int worker);
  void arrive_and_wait();

  const int size_;
  Function function_ = nullptr;
  void* context_ = nullptr;
  bool stopping_ = false;
  alignas(64) std::atomic<uint32_t> generation_{0};  // a new number is a new job
  alignas(64) std::atomic<int> sleepers_{0};    // asleep without a job
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<uint32_t> phase_{0};  // a new number opens the barrier
  alignas(64) std::atomic<int> waiting_{0};     // asleep at the barrier
  alignas(64) std::atomic<uint64_t> barriers_{0};
  std::vector<std::thread> threads_;
};

// The part [begin, end) of `count` items that falls to one of `workers`, as even as can be.
struct Share {
  int64_t begin;
  int64_t end;
};
inline Share share_of(int64_t count, int worker, int workers) {
  return {count * worker / workers, count * (worker + 1) / workers};
}

}  // namespace riposte::hardware
