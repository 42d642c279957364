// The peak loops of every instruction set of this machine: a loop that the compiler saw through would measure
// nothing.
#include "kernels/peak.h"

#include <gtest/gtest.h>

#include <chrono>

#include "base/aligned_buffer.h"
#include "kernels/ops.h"

namespace riposte::kernels {
namespace {

template <class Work>
double nanoseconds(Work&& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
}

TEST(PeakLoops, AreThereForEveryInstructionSetInTheSameOrder) {
  const auto loops = available_peak_loops();
  const auto kernels = available_kernels();
  ASSERT_EQ(loops.size(), kernels.size());
  for (size_t i = 0; i < loops.size(); ++i) EXPECT_EQ(loops[i].instruction_set, kernels[i]->name);
}

TEST(PeakLoops, CountInProportionToTheirRounds) {
  for (const hardware::PeakLoops& loops : available_peak_loops()) {
    SCOPED_TRACE(loops.instruction_set);
    EXPECT_GT(loops.multiply_int8(1), 0);
    EXPECT_EQ(loops.multiply_int8(7), 7 * loops.multiply_int8(1));
    EXPECT_GT(loops.multiply_float(1), 0);
    EXPECT_EQ(loops.multiply_float(7), 7 * loops.multiply_float(1));
    EXPECT_EQ(loops.multiply_int8(0), 0);
  }
}

// Twice what two 512-bit multipliers at 6 GHz could do, four times what two 512-bit loads could read.
TEST(PeakLoops, AreNotFasterThanAnyProcessor) {
  constexpr double kMostInt8 = 2 * 2 * 64 * 6, kMostFloat = 2 * 2 * 16 * 6, kMostBytes = 4 * 2 * 64 * 6;
  const AlignedBuffer<std::byte> data(size_t{4} << 20);
  for (const hardware::PeakLoops& loops : available_peak_loops()) {
    SCOPED_TRACE(loops.instruction_set);
    double count = 0;
    double time = nanoseconds([&] { count = static_cast<double>(loops.multiply_int8(20'000)); });
    EXPECT_LT(count / time, kMostInt8);
    time = nanoseconds([&] { count = static_cast<double>(loops.multiply_float(20'000)); });
    EXPECT_LT(count / time, kMostFloat);
    time = nanoseconds([&] { loops.read(data.data(), data.size(), 0); });
    EXPECT_LT(static_cast<double>(data.size()) / time, kMostBytes);
  }
}

TEST(PeakLoops, ReadNothingBehindTheEnd) {
  // An address sanitizer watches the end of this buffer; asking for lines behind it is allowed.
  for (const hardware::PeakLoops& loops : available_peak_loops()) {
    for (const size_t bytes : {size_t{1024}, size_t{2048}, size_t{5120}}) {
      const AlignedBuffer<std::byte> data(bytes);
      loops.read(data.data(), bytes, 0);
      loops.read(data.data(), bytes, 4096);
    }
  }
}

}  // namespace
}  // namespace riposte::kernels
