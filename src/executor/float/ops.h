// The operations of a transformer step in float32, as plain loops.
//
// Each result is computed in one fixed order, whatever else is computed beside it: a row has the same bits
// alone and in a step of many.
#pragma once

#include <cstdint>
#include <span>

#include "base/aligned_buffer.h"

namespace riposte::executor {

struct FloatMatrix {
  int32_t rows = 0;
  int32_t columns = 0;
  AlignedBuffer<float> values;  // [rows, columns]

  const float* row(int64_t index) const { return values.data() + index * columns; }
};

// Sums in 16 lanes, so that a compiler can use vectors without changing the order of additions.
float dot(const float* a, const float* b, int32_t size);

// The outputs [begin, end) of `rows` products: out[r][o] = dot(weights.row(o), x[r]).
// x: [rows, weights.columns]; out: [rows, weights.rows].
void multiply(const FloatMatrix& weights, const float* x, int32_t rows, int64_t begin, int64_t end,
              float* out);

// out = x / sqrt(mean(x^2) + epsilon) * weight. `out` may be `x`. (Zhang and Sennrich, arXiv 1910.07467)
void rms_norm(std::span<const float> x, std::span<const float> weight, float epsilon, float* out);

// x += y
void add(std::span<float> x, const float* y);

// gate = activation(gate) * up, element by element.
void silu_times(std::span<float> gate, const float* up);
// The tanh form of GELU (Hendrycks and Gimpel, arXiv 1606.08415).
void gelu_tanh_times(std::span<float> gate, const float* up);

// Scores to probabilities, in place; the sum is taken in double. Not empty.
void softmax(std::span<float> scores);

// out += factor * x
void add_scaled(float factor, const float* x, std::span<float> out);

// The lowest index of the largest value. Not empty.
int32_t argmax(std::span<const float> values);

}  // namespace riposte::executor
