// The greatest logit of greedy rows, proven, by reading three fifths of what the output head takes.
//
// Two passes with a barrier between. The first looks at every panel cheaply (kernels/ops.h, PanelScreen): of
// each row and panel it keeps a bound that no logit of the panel exceeds. Each worker then computes the panel
// of its greatest estimate exactly. The greatest logit found so is a floor: a panel whose bound lies below it
// holds no winner. The second pass computes the panels that are left exactly, dealt out by their numbers: a
// product is of all rows, so a panel that is left by several must go to one worker.
//
// Why that is exact. Let W be a word's weights and W' what screening takes them for, x = d * q the row's
// activations, n their number, D the greatest magnitude of a weight's scale, and u = 2^-24. In real numbers,
// W x <= W' x + |W - W'| |x| over the cold inputs: at most norm * radius, both rounded up; second planes add
// at most |W| |x2|, rounded up too. Product and estimate are sums of G = n / 32 terms, each of an exact
// integer and a rounded scale, added with one rounding each: they differ from real numbers by at most (G + 1)
// u / (1 - (G + 1) u) times the sum of the terms' magnitudes, which is at most C = 128 D sqrt(n) (|x| +
// |x2|), again by Cauchy and Schwarz and because no |q - 128| exceeds 128. Adding the second planes' sum
// costs one rounding below u C, the bound itself two below 2 u C each. So
//
//   computed logit <= computed bound + slack        slack = 2 (G + 8) u C + 2^-100
//
// where the last term covers all that becomes subnormal. A row for which C reaches 10^37, or is not a number,
// might overflow: its slack is infinite, and every panel is computed. Words that tie with the winner have a
// bound of at least the floor, so the lowest id among them is found.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "executor/cpu/packed_weights.h"
#include "executor/cpu/quantized_rows.h"
#include "executor/cpu/winner.h"
#include "kernels/ops.h"
#include "quant/packed.h"

namespace riposte::executor {

// With more rows at once, reading no longer takes most of the time, and the survivors of all add up: then the
// whole head is computed. Where that begins depends on the number of words; measured in docs/decisions/0011.
constexpr int32_t most_screened_rows(int32_t words) {
  return words >= 131072 ? 3 : 1;
}

// A flat distribution (nonsense, the first words of a text) leaves many words that could win, and computing
// them costs more than screening saves from about two fifths of the panels on. After a step that left more
// than this share, the next step is not screened; if that goes on, the next 2, 4, 8 ... steps.
inline constexpr double kMostSurviving = 0.25;
inline constexpr int32_t kMostPatience = 64;

class ScreenedHead {
 public:
  // `weights` must outlive this.
  ScreenedHead(const PackedWeights& weights, int workers, int32_t most_rows);

  // Whether the next step's greedy rows, so many, are to be screened: not where the head has no screening
  // form, nor for a while after screening has left too much. To be asked once a step.
  bool takes(int32_t rows);

  // A step, in this order. begin() by one thread; set() for each row of `input`, by any, once that row is
  // set; a barrier; look() by each worker; a barrier; decide() by each worker. `logits` [rows][stride] takes
  // those that are computed.
  void begin(int32_t rows);
  void set(int32_t row, const QuantizedRows& input);
  void look(const kernels::Kernels& kernels, int worker, QuantizedRows& input, float* logits, size_t stride);
  // winners [rows]: the best of those that this worker computed; the best of all workers' is the row's
  // winner.
  void decide(const kernels::Kernels& kernels, int worker, QuantizedRows& input, float* logits, size_t stride,
              std::span<Winner> winners);

  // Of the last step, all rows together.
  int64_t panels() const { return rows_ * weights_.output.panels(); }
  int64_t survivors() const { return survivors_; }

 private:
  Winner best_of(const kernels::Kernels& kernels, int64_t panel, const float* logits) const;
  float floor_of(int32_t row) const;

  const PackedWeights& weights_;
  int workers_;
  int32_t most_rows_;
  double reach_ = 0.0;  // C / |x|
  int32_t rows_ = 0;
  int64_t survivors_ = 0;
  int32_t wait_ = 0;         // steps that are not screened
  int32_t patience_ = 1;     // how many, when screening leaves too much the next time
  AlignedBuffer<int8_t> q_;  // [groups][rows][32], each group in the order of the screening form
  AlignedBuffer<kernels::GroupScale> scales_;  // [groups][rows]
  AlignedBuffer<int32_t> starts_;              // [groups][rows]
  AlignedBuffer<float> radius_;                // [rows]
  AlignedBuffer<float> second_radius_;         // [rows]
  AlignedBuffer<double> slack_;                // [rows]
  AlignedBuffer<float> bounds_;                // [rows][panels]
  AlignedBuffer<float> found_;                 // [workers][rows]: a logit that some word reaches
};

}  // namespace riposte::executor
