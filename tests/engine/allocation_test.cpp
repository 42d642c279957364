// A decoding step reuses its memory: what is allocated are the growing answers themselves, now and then.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "engine/step_loop.h"
#include "harness.h"

namespace {
std::atomic<int64_t> allocations = 0;
}  // namespace

void* operator new(size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
// What the standard library asks for its temporary buffers: without it a sanitizer's own would meet our delete.
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  std::free(memory);
}

namespace riposte::engine {
namespace {

TEST(StepLoop, ASteadyDecodingStepAllocatesNothing) {
  model::ExecutorLimits limits = kRoomyLimits;
  limits.pages = 2048;
  limits.context_length = 2000;
  testing::FakeExecutor executor(limits);
  const FakeText text;
  StepLoop loop(executor, text, {});
  for (TokenId i = 1; i <= 4; ++i) {
    Request request{.prompt = {i, i, i}, .max_tokens = 1000, .stop = {"zzzz"}, .ignore_end = true};
    if (i > 2)
      request.sampling = {.temperature = 1.0f, .top_k = 20, .top_p = 0.9f, .frequency_penalty = 0.1f};
    loop.add(std::make_unique<Sequence>(std::move(request), Listener{}, limits.context_length));
  }
  for (int step = 0; step < 300; ++step) loop.step();
  int with_allocation = 0;
  for (int step = 0; step < 200; ++step) {
    const int64_t before = allocations;
    loop.step();
    with_allocation += allocations != before;
  }
  EXPECT_FALSE(loop.idle());
  // 200 tokens cross a power of two at most once per vector that grows, and there are two of them per
  // sequence.
  EXPECT_LE(with_allocation, 8);
}

}  // namespace
}  // namespace riposte::engine
