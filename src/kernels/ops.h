// The numeric definitions: every operation of a transformer step, in words. reference.cpp is their plain scalar form;
// each instruction set gives the same bits.
//
// Conventions. All arithmetic is IEEE float32 with round-to-nearest-even, and never contracted by the compiler:
// `fma(a, b, c)` below is one rounding, `a * b + c` two. Division and square root are IEEE.
//
// A "row sum" over n values is defined as 16 lane sums: lane l adds the values l, l + 16, l + 32, ... in this order,
// beginning with +0; then the lanes are added as a tree: lane i += lane i + 8, then + 4, + 2, + 1. A value past the end
// counts as +0.
//
// exp(x) is a polynomial of our own (see reference.cpp), so that no mathematical library decides a bit.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "hardware/peak_loops.h"
#include "quant/packed.h"

namespace riposte::kernels {

inline constexpr int kLanes = 16;
inline constexpr int kKeyBlock = 16;  // positions of the KV cache that lie side by side: one page

// What is kept of a row's group of 32 activations beside its int8 values.
//
//   d    = largest / 127, where largest is the greatest magnitude of the group
//   q[i] = x[i] * (127 / largest), rounded to the nearest even integer
//
// A group whose greatest magnitude is below 2^-100, infinite or not a number is all zero.
struct GroupScale {
  float d;
  float d_sum;                      // d * float(sum of q)
  int32_t negative_sum;             // -(sum of q)
  int32_t negative_half_sums[2];    // of q[0..15] and q[16..31]
  int16_t negative_pair_sums[2][2]; // the same, of each half's i % 4 < 2 and i % 4 >= 2 apart
  int32_t squares;                  // the sum of q^2
};

// Whether one value of the group leaves the others few of the 8 bits: beside its 127 they have a root mean square below
// 8.5. Such groups hold much of what quantisation loses (docs/decisions/0009).
inline constexpr int32_t kDominatedSquares = 127 * 127 + 31 * 72;
constexpr bool is_dominated(const GroupScale& group) { return group.d > 0.0f && group.squares < kDominatedSquares; }

inline constexpr int kMostBlockRows = 16;

// Up to 16 rows of quantised activations, as a matrix product reads them: group after group, the rows of a group side by
// side. `width` is the distance between groups, in rows.
struct ActivationBlock {
  int8_t* q = nullptr;             // [groups][width][32]
  GroupScale* scales = nullptr;    // [groups][width]
  int rows = 0;
  int width = 0;
};

struct RowGroup {
  int32_t group;
  int32_t row;
};

// A panel of 16 output rows times a block of activations:
//
//   out[row][lane] = acc      or, if `add`,      out[row][lane] = out[row][lane] + acc
//
// where acc begins with +0 and takes each group of 32 inputs in ascending order:
//
//   dot  = sum of (weight q - offset) * activation q, an exact integer           (kK16: one for each half)
//   acc  = fma(float(dot), scale * d, acc)          scale: float(half), or d0 * float(s) for kK32
//          kK16:  fma(float(s[0] * dot[0] + s[1] * dot[1]), d0 * d, acc)
//   and with a minimum:
//   acc  = fma(minimum, d_sum, acc)                 minimum: float(half), or m0 * float(m) for kK32
//          kK16:  fma(float(m[0] * sum[0] + m[1] * sum[1]), m0 * d, acc)
//
// A row can have a second plane, as a whole or for some groups. Its product follows:
//
//   out[row][lane] = out[row][lane] + acc      acc as above, of these groups of the same row of `second`
struct PanelProduct {
  const std::byte* panel;
  const quant::PanelLayout* layout;
  quant::PackedFormat format;
  ActivationBlock activations;
  float* out;           // [rows][out_stride], 16 floats of each row are written
  size_t out_stride;
  bool add;
  ActivationBlock second = {};
  std::span<const int32_t> second_rows = {};     // whose every group has a second plane, ascending
  std::span<const RowGroup> second_groups = {};  // those of other rows, ascending by group, then by row
  // What the same thread reads soon, as many bytes as a panel has: it is asked for meanwhile. Null: nothing is.
  const std::byte* ahead = nullptr;
};

// Adapters. A row with a LoRA adapter gets, behind the base's product W x (whatever planes x has), in this order:
//
//   u   = quantize(scale(A x, factor))              A x: PanelProduct, from +0, over the same int8 values of x as W x
//   out = out + B u                                  PanelProduct with `add`
//
// u has second planes by the same rule as every row of activations; their shares follow the first's, in A x as in B u. A and B
// are of the format kPackedQ8_0, the rank filled up with zeros to whole groups of 32 (executor/cpu/packed_adapter.h).

// A cheap look at a panel of kScreenQ8_0, for rows of which only the greatest output is asked for. Of every lane,
//
//   estimate = acc of PanelProduct, of the matrix that the panel screens, with the low four bits of all cold inputs taken for 8, so that
//              dot = 16 * (sum of high bits * activation q) + (sum of hot low bits * activation q) + start
//   bound    = fma(whole norm, second radius, fma(cold norm, radius, estimate))
//
// By Cauchy and Schwarz the product differs from the estimate by at most cold norm * radius, where radius is the root of the
// sum of squares of d * q over the cold inputs, and what second planes add to it is at most whole norm * second radius, that
// root over the second planes; and by rounding: screened_head.h accounts for that.
//
// Only the greatest of the 16 lanes is kept: lane i = lane i > lane i + 8 ? lane i : lane i + 8, then + 4, + 2, + 1.
struct PanelScreen {
  const std::byte* panel;
  const quant::PanelLayout* layout;
  ActivationBlock activations;
  const int32_t* starts;  // [groups][width]: -120 * (sum of q) - 8 * (sum of q of the hot inputs)
  const float* radius;    // [rows]
  const float* second_radius;  // [rows]
  float* estimates;       // [rows]
  float* bounds;          // [rows]
  const std::byte* ahead = nullptr;  // see PanelProduct
};

// Attention of the query heads that share one key and value head, for a few rows of one sequence.
//
//   score[j] = the dot product of query and key j: acc = fma(query[i], key[j][i], acc), i ascending, beginning with +0
//   p[j]     = exp(score[j] - greatest score)           j in the row's [begin, end)
//   out[i]   = (acc = fma(p[j], value[j][i], acc), j ascending, beginning with +0) / (row sum of p over j, where j lies in
//              lane j % 16: blocks of keys are anchored at absolute positions)
//
// Queries are already multiplied by the attention scale. Keys and values are half precision. A page holds 16 positions:
// its keys as [head_size][16], its values as [16][head_size]. Rows and heads are computed together only so that a key or
// value that is read once serves them all: a row's bits do not depend on the others.
struct KeyRange {
  int begin;                 // first visible position
  int end;                   // one past the last
};

struct AttentionHeads {
  const float* query;        // [rows][query_stride], of which [queries][head_size] are read
  size_t query_stride;
  int rows;
  int queries;
  int head_size;
  const uint16_t* keys;      // of page 0 of this layer and head; page p is at keys + p * page_stride
  const uint16_t* values;
  size_t page_stride;        // in halves
  const int32_t* pages;      // position j lies in pages[j / 16]
  const KeyRange* ranges;    // [rows]
  float* scores;             // scratch, [kMostQueries][positions]: positions as far as they are visible, plus 32
  float* out;                // [rows][out_stride], of which [queries][head_size] are written
  size_t out_stride;
};

// Rows times queries that a kernel computes together at most; more are computed one part after another.
inline constexpr int kMostQueries = 12;

// An instruction set is one table of these functions.
struct Kernels {
  std::string_view name;

  void (*panel_product)(const PanelProduct& product);
  void (*screen)(const PanelScreen& screen);

  // out = (x * r) * weight, r = 1 / sqrt(row sum of fma-accumulated squares / n + epsilon). out may be x.
  void (*rms_norm)(const float* x, const float* weight, float epsilon, float* out, int n);
  // Quantises n values into row `row` of the block; the last group is filled up with zeros.
  void (*quantize)(const float* x, int n, const ActivationBlock& block, int row);
  // What quantize() left over: out[i] = fma(-d, q[i], x[i]).
  void (*residual)(const float* x, int n, const ActivationBlock& block, int row, float* out);
  // The greatest of x[i]^2 and their sum (a row sum with fma).
  void (*energy)(const float* x, int n, float* greatest, float* sum);

  // out = (gate / (1 + exp(-gate))) * up
  void (*silu_multiply)(const float* gate, const float* up, float* out, int n);
  // out = gelu(gate) * up, gelu(g) = (0.5 * g) * (1 + t), t = 1 - 2 / (exp(2u) + 1), u = c * fma(0.044715 * g * g, g, g)
  void (*gelu_multiply)(const float* gate, const float* up, float* out, int n);
  // out = out + x
  void (*add)(const float* x, float* out, int n);
  // out = x * factor
  void (*scale)(const float* x, float factor, float* out, int n);
  // n pairs: a' = fma(-b, sin, a * cos), b' = fma(a, sin, b * cos)
  void (*rotate)(float* a, float* b, const float* cosine, const float* sine, int n);

  // out = half precision of x, limited to [-65504, 65504]; NaN becomes 65504
  void (*to_half)(const float* x, uint16_t* out, int n);

  // head_size must be a multiple of 16.
  void (*attention)(const AttentionHeads& heads);
  // The index of the greatest value, the lowest among equals; NaN counts as lowest. n >= 1.
  int (*argmax)(const float* x, int n);

  // The bare arithmetic and the bare reading, for measuring what this instruction set can do at best.
  hardware::PeakLoops peak;
};

// The tables that this machine can run, the best first; "reference" is always there and last.
std::span<const Kernels* const> available_kernels();
// By name ("reference", "avx2" and so on: the table in README.md); empty: the best. Errors: kUnsupported, naming what there is.
Result<const Kernels*> find_kernels(std::string_view name);

}  // namespace riposte::kernels
