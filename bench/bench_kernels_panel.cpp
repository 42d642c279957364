// Panel products by instruction set, format and rows: from memory (a matrix larger than the caches, one thread) and from
// the second-level cache (one panel again and again).
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "base/aligned_buffer.h"
#include "gguf/types.h"
#include "kernels/ops.h"
#include "quant/half.h"
#include "quant/packed.h"

namespace riposte {
namespace {

constexpr int kColumns = 1536;

// Random bytes are valid blocks of every integer format; their values do not matter for time, if they stay finite.
quant::PackedMatrix random_matrix(gguf::TensorType type, int rows) {
  const gguf::BlockShape block = gguf::block_shape(type);
  std::vector<std::byte> source(static_cast<size_t>(rows) * kColumns / block.elements * block.bytes);
  std::mt19937_64 random(1);
  for (std::byte& byte : source) byte = static_cast<std::byte>(random() & 0x3b);  // halves below 1
  quant::PackedMatrix matrix(type, rows, kColumns);
  matrix.pack_panels(source, 0, matrix.panels());
  return matrix;
}

void panel_product(benchmark::State& state, const kernels::Kernels& kernels, gguf::TensorType type, int rows,
                   bool from_memory) {
  const quant::PackedMatrix matrix = random_matrix(type, from_memory ? 65536 : 16);
  AlignedBuffer<int8_t> q(static_cast<size_t>(rows) * kColumns);
  AlignedBuffer<kernels::GroupScale> scales(static_cast<size_t>(rows) * kColumns / 32);
  const kernels::ActivationBlock block{q.data(), scales.data(), rows, rows};
  std::vector<float> x(kColumns, 0.5f);
  for (int row = 0; row < rows; ++row) kernels.quantize(x.data(), kColumns, block, row);
  std::vector<float> out(static_cast<size_t>(rows) * 16);
  int64_t panel = 0;
  for (auto _ : state) {
    kernels.panel_product({matrix.panel(panel), &matrix.layout(), matrix.format(), block, out.data(), 16, false});
    if (++panel == matrix.panels()) panel = 0;
  }
  const auto panels = static_cast<double>(state.iterations());
  state.counters["GB/s"] = benchmark::Counter(panels * static_cast<double>(matrix.layout().bytes) / 1e9,
                                              benchmark::Counter::kIsRate);
  state.counters["GMAC/s"] = benchmark::Counter(panels * 16 * kColumns * rows / 1e9, benchmark::Counter::kIsRate);
}

}  // namespace
}  // namespace riposte

int main(int argc, char** argv) {
  using namespace riposte;
  for (const kernels::Kernels* kernels : kernels::available_kernels()) {
    if (kernels->name == "reference") continue;
    for (const auto type : {gguf::TensorType::kQ4_K, gguf::TensorType::kQ6_K, gguf::TensorType::kQ4_1, gguf::TensorType::kQ5_0,
                            gguf::TensorType::kQ8_0}) {
      for (const bool from_memory : {true, false}) {
        for (const int rows : {1, 2, 4, 8, 12, 16}) {
          const std::string name = std::string(kernels->name) + "/" + std::string(gguf::name_of(type)) +
                                   (from_memory ? "/memory" : "/cache") + "/rows:" + std::to_string(rows);
          benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) {
            panel_product(state, *kernels, type, rows, from_memory);
          })->MinTime(0.1);
        }
      }
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
