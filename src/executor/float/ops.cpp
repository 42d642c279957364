#include "executor/float/ops.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

// The same source for three instruction sets; the loader picks. Products and sums are rounded one by one on
// all of them
// (-ffp-contract=off), so they give the same bits. Sanitizers cannot run before the loader has picked.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define RIPOSTE_WIDEST __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define RIPOSTE_WIDEST
#endif

namespace riposte::executor {
namespace {

constexpr int32_t kLanes = 16;
typedef float Lanes __attribute__((vector_size(kLanes * sizeof(float))));

// Rows that share one pass over a weight row: as many sums as fit into registers.
constexpr int32_t kRowBlock = 8;
// Weight rows that stay in a core's cache while all row blocks use them.
constexpr int64_t kWeightBlock = 16;

// By reference, because how a vector this wide is passed by value differs between instruction sets.
inline __attribute__((always_inline)) void load(Lanes& lanes, const float* from) {
  std::memcpy(&lanes, from, sizeof lanes);
}

inline __attribute__((always_inline)) float sum_of(const Lanes& lanes, const float* a, const float* b,
                                                   int32_t tail_begin, int32_t size) {
  float sum = 0.0f;
  for (int32_t lane = 0; lane < kLanes; ++lane) sum += lanes[lane];
  for (int32_t i = tail_begin; i < size; ++i) sum += a[i] * b[i];
  return sum;
}

// Rows r = 0 .. Rows-1 of x against one weight row.
template <int32_t Rows>
inline __attribute__((always_inline)) void multiply_block(const float* weights, const float* x,
                                                          int32_t columns, float* out, int64_t out_stride) {
  Lanes sums[Rows] = {};
  const int32_t whole = columns / kLanes * kLanes;
  for (int32_t k = 0; k < whole; k += kLanes) {
    Lanes weight;
    load(weight, weights + k);
    for (int32_t r = 0; r < Rows; ++r) {
      Lanes value;
      load(value, x + static_cast<int64_t>(r) * columns + k);
      sums[r] += weight * value;
    }
  }
  for (int32_t r = 0; r < Rows; ++r) {
    const float* row = x + static_cast<int64_t>(r) * columns;
    out[r * out_stride] = sum_of(sums[r], weights, row, whole, columns);
  }
}

}  // namespace

RIPOSTE_WIDEST float dot(const float* a, const float* b, int32_t size) {
  float result;
  multiply_block<1>(a, b, size, &result, 0);
  return result;
}

RIPOSTE_WIDEST void multiply(const FloatMatrix& weights, const float* x, int32_t rows, int64_t begin,
                             int64_t end, float* out) {
  const int32_t columns = weights.columns;
  const int64_t stride = weights.rows;
  for (int64_t block = begin; block < end; block += kWeightBlock) {
    const int64_t block_end = std::min(end, block + kWeightBlock);
    int32_t row = 0;
    for (; row + kRowBlock <= rows; row += kRowBlock) {
      const float* inputs = x + static_cast<int64_t>(row) * columns;
      for (int64_t o = block; o < block_end; ++o) {
        multiply_block<kRowBlock>(weights.row(o), inputs, columns, out + row * stride + o, stride);
      }
    }
    for (; row < rows; ++row) {
      const float* input = x + static_cast<int64_t>(row) * columns;
      for (int64_t o = block; o < block_end; ++o) {
        multiply_block<1>(weights.row(o), input, columns, out + row * stride + o, stride);
      }
    }
  }
}

void rms_norm(std::span<const float> x, std::span<const float> weight, float epsilon, float* out) {
  double squares = 0.0;
  for (const float value : x) squares += static_cast<double>(value) * value;
  const double mean = squares / static_cast<double>(x.size());
  const auto scale = static_cast<float>(1.0 / std::sqrt(mean + static_cast<double>(epsilon)));
  for (size_t i = 0; i < x.size(); ++i) out[i] = x[i] * scale * weight[i];
}

void add(std::span<float> x, const float* y) {
  for (size_t i = 0; i < x.size(); ++i) x[i] += y[i];
}

void silu_times(std::span<float> gate, const float* up) {
  for (size_t i = 0; i < gate.size(); ++i) gate[i] = gate[i] / (1.0f + std::exp(-gate[i])) * up[i];
}

void gelu_tanh_times(std::span<float> gate, const float* up) {
  constexpr float kSlope =
      static_cast<float>(std::numbers::sqrt2 * std::numbers::inv_sqrtpi);  // sqrt(2 / pi)
  for (size_t i = 0; i < gate.size(); ++i) {
    const float x = gate[i];
    gate[i] = 0.5f * x * (1.0f + std::tanh(kSlope * (x + 0.044715f * x * x * x))) * up[i];
  }
}

void softmax(std::span<float> scores) {
  const float highest = *std::max_element(scores.begin(), scores.end());
  double sum = 0.0;
  for (float& score : scores) {
    score = std::exp(score - highest);
    sum += static_cast<double>(score);
  }
  const auto scale = static_cast<float>(1.0 / sum);
  for (float& score : scores) score *= scale;
}

RIPOSTE_WIDEST void add_scaled(float factor, const float* x, std::span<float> out) {
  for (size_t i = 0; i < out.size(); ++i) out[i] += factor * x[i];
}

int32_t argmax(std::span<const float> values) {
  return static_cast<int32_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace riposte::executor
