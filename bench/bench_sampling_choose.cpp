// The time of one choice over a real vocabulary, for the usual requests.
#include <benchmark/benchmark.h>

#include <random>

#include "sampling/sampler.h"

namespace {

using riposte::TokenId;
using namespace riposte::sampling;

void choose(benchmark::State& state, const SamplingParams& params) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0.0f, 3.0f);  // about what models give
  std::vector<float> logits(static_cast<size_t>(state.range(0)));
  for (float& logit : logits) logit = normal(random);
  for (size_t i = 0; i < 20; ++i) logits[i * 37] += 12.0f;
  const std::vector<TokenId> prompt(200, 5);
  const Sampler sampler(params, prompt);
  Workspace workspace;
  int64_t position = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(sampler.choose({riposte::kNoToken, logits}, ++position, workspace));
  }
}

BENCHMARK_CAPTURE(choose, top_k_40_top_p_095, {.temperature = 0.8f, .top_k = 40, .top_p = 0.95f})
    ->Arg(151'936)
    ->Arg(262'144)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(choose, top_p_095, {.temperature = 0.8f, .top_p = 0.95f})
    ->Arg(151'936)
    ->Arg(262'144)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(choose, temperature, {.temperature = 0.8f})
    ->Arg(151'936)
    ->Arg(262'144)
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(choose, greedy_with_penalty, {.repetition_penalty = 1.1f})
    ->Arg(151'936)
    ->Arg(262'144)
    ->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
