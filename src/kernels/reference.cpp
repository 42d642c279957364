// The numeric definitions of ops.h as plain scalar code. Slow on purpose: no order, no rounding is left to chance.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "kernels/constants.h"
#include "kernels/ops.h"
#include "kernels/peak_reference.h"
#include "kernels/tables.h"
#include "quant/half.h"

namespace riposte::kernels {
namespace {

using quant::half_to_float;
using quant::kGroupSize;
using quant::kGroupsPerSuperblock;
using quant::kPanelRows;
using quant::PackedFormat;
using quant::ScaleKind;

float row_sum(const float (&lanes)[kLanes]) {
  float sums[kLanes];
  std::memcpy(sums, lanes, sizeof sums);
  for (int half = kLanes / 2; half >= 1; half /= 2) {
    for (int i = 0; i < half; ++i) sums[i] = sums[i] + sums[i + half];
  }
  return sums[0];
}

// To the nearest integer, ties to even, for |x| < 2^22: adding 1.5 * 2^23 leaves no fraction bits.
float round_to_even(float x) { return (x + 0x1.8p23f) - 0x1.8p23f; }

float exp_of(float x) {
  x = x > kExpLowest ? x : kExpLowest;
  x = x < kExpHighest ? x : kExpHighest;
  const float n = round_to_even(x * kLog2E);
  float r = std::fma(-n, kLn2High, x);
  r = std::fma(-n, kLn2Low, r);
  float p = std::fma(kExp6, r, kExp5);
  p = std::fma(p, r, kExp4);
  p = std::fma(p, r, kExp3);
  p = std::fma(p, r, kExp2);
  p = std::fma(p, r, 1.0f);
  p = std::fma(p, r, 1.0f);
  return std::bit_cast<float>(std::bit_cast<int32_t>(p) + (static_cast<int32_t>(n) << 23));
}

template <class T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
float load_half(const std::byte* at) { return half_to_float(load<uint16_t>(at)); }

// q of input k (0..31) of a lane in a group's quants; see PanelLayout::quants.
int quant_of(PackedFormat format, const std::byte* group, int lane, int k) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(group);
  const int column = k / 4;
  const int at = lane * 4 + k % 4;
  if (format.bits == 8) return bytes[column * 64 + at];
  const uint8_t both = bytes[column % 4 * 64 + at];
  int q = column < 4 ? both & 15 : both >> 4;
  if (format.bits == 5) q |= (bytes[256 + at] >> column & 1) << 4;
  if (format.bits == 6) q |= (bytes[256 + column / 4 * 64 + at] >> (column % 4 * 2) & 3) << 4;
  return q;
}

// `acc` after group g has been added to it.
float add_group(const PanelProduct& product, int64_t g, int row, int lane, float acc) {
  const PackedFormat format = product.format;
  const quant::PanelLayout& layout = *product.layout;
  const int64_t at_row = g * product.activations.width + row;
  const int8_t* a = product.activations.q + at_row * kGroupSize;
  const GroupScale& scale = product.activations.scales[at_row];
  const std::byte* quants = product.panel + static_cast<size_t>(g) * static_cast<size_t>(format.quant_bytes());
  int dot[2] = {0, 0};
  for (int k = 0; k < kGroupSize; ++k) {
    dot[k / 16] += (quant_of(format, quants, lane, k) - format.offset) * a[k];
  }
  const auto at = static_cast<size_t>(g * kPanelRows + lane);
  const auto at_half = [&](size_t half) {
    return (static_cast<size_t>(g) * 2 + half) * kPanelRows + static_cast<size_t>(lane);
  };
  const auto at_super = static_cast<size_t>(g / kGroupsPerSuperblock * kPanelRows + lane) * 2;
  const std::byte* scales = product.panel + layout.scales;
  const std::byte* minimums = product.panel + layout.minimums;
  const auto total = static_cast<float>(dot[0] + dot[1]);
  switch (format.scales) {
    case ScaleKind::kHalf32:
      acc = std::fma(total, load_half(scales + at * 2) * scale.d, acc);
      if (format.has_minimum) acc = std::fma(load_half(minimums + at * 2), scale.d_sum, acc);
      break;
    case ScaleKind::kK32: {
      const float weight_scale =
          load_half(product.panel + layout.d + at_super) * static_cast<float>(load<uint8_t>(scales + at));
      acc = std::fma(total, weight_scale * scale.d, acc);
      if (format.has_minimum) {
        const float minimum =
            load_half(product.panel + layout.m0 + at_super) * static_cast<float>(load<uint8_t>(minimums + at));
        acc = std::fma(minimum, scale.d_sum, acc);
      }
      break;
    }
    case ScaleKind::kK16: {
      const int scaled = load<int8_t>(scales + at_half(0)) * dot[0] + load<int8_t>(scales + at_half(1)) * dot[1];
      acc = std::fma(static_cast<float>(scaled), load_half(product.panel + layout.d + at_super) * scale.d, acc);
      if (format.has_minimum) {
        const int sums = load<uint8_t>(minimums + at_half(0)) * -scale.negative_half_sums[0] +
                         load<uint8_t>(minimums + at_half(1)) * -scale.negative_half_sums[1];
        acc = std::fma(static_cast<float>(sums), load_half(product.panel + layout.m0 + at_super) * scale.d, acc);
      }
      break;
    }
  }
  return acc;
}

float product_of(const PanelProduct& product, int row, int lane) {
  float acc = 0.0f;
  for (int64_t g = 0; g < product.layout->groups; ++g) acc = add_group(product, g, row, lane, acc);
  return acc;
}

void add_second_planes(const PanelProduct& product) {
  PanelProduct second = product;
  second.activations = product.second;
  for (const int32_t row : product.second_rows) {
    float* out = product.out + static_cast<size_t>(row) * product.out_stride;
    for (int lane = 0; lane < kPanelRows; ++lane) out[lane] = out[lane] + product_of(second, row, lane);
  }
  float acc[kMostBlockRows][kPanelRows] = {};
  bool named[kMostBlockRows] = {};
  for (const RowGroup& entry : product.second_groups) {
    named[entry.row] = true;
    for (int lane = 0; lane < kPanelRows; ++lane) {
      acc[entry.row][lane] = add_group(second, entry.group, entry.row, lane, acc[entry.row][lane]);
    }
  }
  for (int row = 0; row < product.activations.rows; ++row) {
    if (!named[row]) continue;
    float* out = product.out + static_cast<size_t>(row) * product.out_stride;
    for (int lane = 0; lane < kPanelRows; ++lane) out[lane] = out[lane] + acc[row][lane];
  }
}

void panel_product(const PanelProduct& product) {
  for (int row = 0; row < product.activations.rows; ++row) {
    float* out = product.out + static_cast<size_t>(row) * product.out_stride;
    for (int lane = 0; lane < kPanelRows; ++lane) {
      const float acc = product_of(product, row, lane);
      out[lane] = product.add ? out[lane] + acc : acc;
    }
  }
  add_second_planes(product);
}

float estimate_of(const PanelScreen& screen, int row, int lane) {
  const quant::PanelLayout& layout = *screen.layout;
  float acc = 0.0f;
  for (int64_t g = 0; g < layout.groups; ++g) {
    const int64_t at = g * screen.activations.width + row;
    const int8_t* a = screen.activations.q + at * kGroupSize;
    int high = 0, low = screen.starts[at];
    for (int k = 0; k < kGroupSize; ++k) {
      high += quant_of(quant::kPackedQ4_0, screen.panel + g * quant::kScreenQ8_0.quant_bytes(), lane, k) * a[k];
    }
    for (int k = 0; k < quant::kHotInputs; ++k) {
      const int both = load<uint8_t>(screen.panel + layout.hot + g / 2 * 64 + lane * 4 + k);
      low += (g % 2 == 0 ? both & 15 : both >> 4) * a[k];
    }
    const float scale = load_half(screen.panel + layout.scales + static_cast<size_t>(g * kPanelRows + lane) * 2);
    acc = std::fma(static_cast<float>(16 * high + low), scale * screen.activations.scales[at].d, acc);
  }
  return acc;
}

float greatest_lane(float (&lanes)[kPanelRows]) {
  for (int half = kPanelRows / 2; half >= 1; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] = lanes[i] > lanes[i + half] ? lanes[i] : lanes[i + half];
  }
  return lanes[0];
}

void screen(const PanelScreen& screen) {
  for (int row = 0; row < screen.activations.rows; ++row) {
    float estimates[kPanelRows], bounds[kPanelRows];
    for (int lane = 0; lane < kPanelRows; ++lane) {
      estimates[lane] = estimate_of(screen, row, lane);
      const std::byte* norm = screen.panel + screen.layout->norms + static_cast<size_t>(lane) * sizeof(float);
      const float bound = std::fma(load<float>(norm), screen.radius[row], estimates[lane]);
      bounds[lane] = std::fma(load<float>(norm + kPanelRows * sizeof(float)), screen.second_radius[row], bound);
    }
    screen.estimates[row] = greatest_lane(estimates);
    screen.bounds[row] = greatest_lane(bounds);
  }
}

float sum_of_squares(const float* x, int n) {
  float lanes[kLanes] = {};
  for (int i = 0; i < n; ++i) lanes[i % kLanes] = std::fma(x[i], x[i], lanes[i % kLanes]);
  return row_sum(lanes);
}

void rms_norm(const float* x, const float* weight, float epsilon, float* out, int n) {
  const float mean = sum_of_squares(x, n) / static_cast<float>(n);
  const float r = 1.0f / std::sqrt(mean + epsilon);
  for (int i = 0; i < n; ++i) out[i] = (x[i] * r) * weight[i];
}

void quantize(const float* x, int n, const ActivationBlock& block, int row) {
  for (int begin = 0; begin < n; begin += kGroupSize) {
    const int count = n - begin < kGroupSize ? n - begin : kGroupSize;
    int32_t largest_bits = 0;  // magnitudes compare as integers, NaN above infinity above all else
    for (int i = 0; i < count; ++i) {
      const int32_t bits = std::bit_cast<int32_t>(x[begin + i]) & 0x7fffffff;
      largest_bits = bits > largest_bits ? bits : largest_bits;
    }
    const float largest = std::bit_cast<float>(largest_bits);
    const bool usable = largest_bits < kInfinityBits && largest >= kSmallestGroup;
    const float inverse = usable ? 127.0f / largest : 0.0f;
    const int64_t at = static_cast<int64_t>(begin / kGroupSize) * block.width + row;
    int8_t* q = block.q + at * kGroupSize;
    int pairs[2][2] = {};
    int squares = 0;
    for (int i = 0; i < kGroupSize; ++i) {
      q[i] = usable && i < count ? static_cast<int8_t>(round_to_even(x[begin + i] * inverse)) : int8_t{0};
      pairs[i / 16][i % 4 / 2] += q[i];
      squares += q[i] * q[i];
    }
    const int sums[2] = {pairs[0][0] + pairs[0][1], pairs[1][0] + pairs[1][1]};
    GroupScale& scale = block.scales[at];
    scale.d = usable ? largest / 127.0f : 0.0f;
    scale.d_sum = scale.d * static_cast<float>(sums[0] + sums[1]);
    scale.negative_sum = -(sums[0] + sums[1]);
    scale.negative_half_sums[0] = -sums[0];
    scale.negative_half_sums[1] = -sums[1];
    for (int half = 0; half < 2; ++half) {
      for (int pair = 0; pair < 2; ++pair) scale.negative_pair_sums[half][pair] = static_cast<int16_t>(-pairs[half][pair]);
    }
    scale.squares = squares;
  }
}

void residual(const float* x, int n, const ActivationBlock& block, int row, float* out) {
  for (int i = 0; i < n; ++i) {
    const int64_t at = static_cast<int64_t>(i / kGroupSize) * block.width + row;
    out[i] = std::fma(-block.scales[at].d, static_cast<float>(block.q[at * kGroupSize + i % kGroupSize]), x[i]);
  }
}

void energy(const float* x, int n, float* greatest, float* sum) {
  *greatest = 0.0f;
  for (int i = 0; i < n; ++i) {
    const float square = x[i] * x[i];
    *greatest = square > *greatest ? square : *greatest;
  }
  *sum = sum_of_squares(x, n);
}

void silu_multiply(const float* gate, const float* up, float* out, int n) {
  for (int i = 0; i < n; ++i) out[i] = (gate[i] / (1.0f + exp_of(-gate[i]))) * up[i];
}

void gelu_multiply(const float* gate, const float* up, float* out, int n) {
  for (int i = 0; i < n; ++i) {
    const float g = gate[i];
    const float u = kGeluScale * std::fma((kGeluCubic * g) * g, g, g);
    const float t = 1.0f - 2.0f / (exp_of(u + u) + 1.0f);
    out[i] = ((0.5f * g) * (1.0f + t)) * up[i];
  }
}

void add(const float* x, float* out, int n) {
  for (int i = 0; i < n; ++i) out[i] = out[i] + x[i];
}

void scale(const float* x, float factor, float* out, int n) {
  for (int i = 0; i < n; ++i) out[i] = x[i] * factor;
}

void rotate(float* a, float* b, const float* cosine, const float* sine, int n) {
  for (int i = 0; i < n; ++i) {
    const float first = std::fma(-b[i], sine[i], a[i] * cosine[i]);
    b[i] = std::fma(a[i], sine[i], b[i] * cosine[i]);
    a[i] = first;
  }
}

void to_half(const float* x, uint16_t* out, int n) {
  for (int i = 0; i < n; ++i) {
    float value = x[i] < kLargestHalf ? x[i] : kLargestHalf;
    value = value > -kLargestHalf ? value : -kLargestHalf;
    out[i] = quant::float_to_half(value);
  }
}

void attend(const AttentionHeads& heads, KeyRange range, const float* query, float* out) {
  const int first = range.begin / kKeyBlock * kKeyBlock;
  const auto page_of = [&](int j) { return static_cast<size_t>(heads.pages[j / kKeyBlock]) * heads.page_stride; };
  float greatest = -INFINITY;
  for (int j = range.begin; j < range.end; ++j) {
    const uint16_t* keys = heads.keys + page_of(j) + j % kKeyBlock;
    float acc = 0.0f;
    for (int i = 0; i < heads.head_size; ++i) acc = std::fma(query[i], half_to_float(keys[i * kKeyBlock]), acc);
    heads.scores[j - first] = acc;
    greatest = acc > greatest ? acc : greatest;
  }
  float lanes[kLanes] = {};
  for (int j = range.begin; j < range.end; ++j) {
    heads.scores[j - first] = exp_of(heads.scores[j - first] - greatest);
    lanes[j % kLanes] = lanes[j % kLanes] + heads.scores[j - first];
  }
  const float sum = row_sum(lanes);
  for (int i = 0; i < heads.head_size; ++i) {
    float acc = 0.0f;
    for (int j = range.begin; j < range.end; ++j) {
      const uint16_t* values = heads.values + page_of(j) + j % kKeyBlock * heads.head_size;
      acc = std::fma(heads.scores[j - first], half_to_float(values[i]), acc);
    }
    out[i] = acc / sum;
  }
}

void attention(const AttentionHeads& heads) {
  for (int row = 0; row < heads.rows; ++row) {
    for (int h = 0; h < heads.queries; ++h) {
      attend(heads, heads.ranges[row], heads.query + static_cast<size_t>(row) * heads.query_stride + h * heads.head_size,
             heads.out + static_cast<size_t>(row) * heads.out_stride + h * heads.head_size);
    }
  }
}

int argmax(const float* x, int n) {
  int best = 0;
  float greatest = -INFINITY;
  for (int i = 0; i < n; ++i) {
    if (x[i] > greatest) {
      greatest = x[i];
      best = i;
    }
  }
  return best;
}

}  // namespace

const Kernels kReference = {.name = "reference",
                            .panel_product = panel_product,
                            .screen = screen,
                            .rms_norm = rms_norm,
                            .quantize = quantize,
                            .residual = residual,
                            .energy = energy,
                            .silu_multiply = silu_multiply,
                            .gelu_multiply = gelu_multiply,
                            .add = add,
                            .scale = scale,
                            .rotate = rotate,
                            .to_half = to_half,
                            .attention = attention,
                            .argmax = argmax,
                            .peak = kReferencePeak};

}  // namespace riposte::kernels
