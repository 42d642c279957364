// The cheap look at a panel of a screening form, once for every instruction set (see vector_ops.inl.h and the
// dot product D of panel_product.inl.h).
#pragma once

#include "kernels/ops.h"
#include "kernels/panel_product.inl.h"
#include "quant/packed.h"

namespace {

using riposte::kernels::PanelScreen;
using riposte::quant::kScreenQ8_0;

// What screening reads of a group of a panel, ready for any number of rows.
template <class S>
struct ScreenGroup {
  typename S::I high[kGroupColumns];
  typename S::I hot;  // the low bits of column 0
  typename S::F scale;
};

template <class S>
[[gnu::always_inline]] inline ScreenGroup<S> load_screen_group(const PanelScreen& screen, int64_t g, int part) {
  const quant::PanelLayout& layout = *screen.layout;
  const int64_t at = part * S::kRows * 4;
  ScreenGroup<S> group;
  unpack_group<S, 4>(screen.panel + g * kScreenQ8_0.quant_bytes(), part, group.high);
  const auto line = S::load(screen.panel + layout.hot + g / 2 * 64 + at);
  group.hot = S::bits_and(g % 2 == 0 ? line : S::template shift_right16<4>(line), S::broadcast8(15));
  group.scale = S::load_halves(screen.panel + layout.scales + (g * kPanelRows + part * S::kRows) * 2);
  return group;
}

// Asks for this group's share of what screening reads of a panel, 5 lines of 64 bytes (see prefetch_ahead).
template <class S>
void prefetch_ahead_of_screen(const PanelScreen& screen, int64_t g) {
  if (screen.ahead == nullptr) return;
  const std::byte* at = screen.ahead + g * 320;
#pragma GCC unroll 5
  for (int line = 0; line < 5; ++line) S::prefetch(at + line * 64);
}

// acc[r] = the definition's step for this group, rows `row` .. row + kRows - 1.
template <class S, class D, int kRows>
[[gnu::always_inline]] inline void screen_group(const ScreenGroup<S>& group, const PanelScreen& screen, int64_t g,
                                                 int row, typename S::F* acc) {
  const int64_t at = g * screen.activations.width + row;
  const auto* q = reinterpret_cast<const int32_t*>(screen.activations.q + at * quant::kGroupSize);
  const GroupScale* scales = screen.activations.scales + at;
  typename S::I high[kRows], low[kRows];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
    high[r] = S::zero();
    low[r] = S::broadcast(screen.starts[at + r]);
  }
  D::template dot<4, kGroupColumns, kRows>(high, group.high, q);
  D::template dot<4, 1, kRows>(low, &group.hot, q);
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) {
    const auto dot = S::add(S::template shift_left32<4>(high[r]), low[r]);
    acc[r] = S::fma(S::to_float(dot), S::multiply(group.scale, S::broadcast_f(scales[r].d)), acc[r]);
  }
}

// The sums of all groups for the panel's lanes of one part.
template <class S, class D, int kRows>
void screen_few(const PanelScreen& screen, int part, typename S::F* sums) {
  typename S::F acc[kRows];
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) acc[r] = S::zero_f();
  for (int64_t g = 0; g < screen.layout->groups; ++g) {
    prefetch_ahead_of_screen<S>(screen, g);
    screen_group<S, D, kRows>(load_screen_group<S>(screen, g, part), screen, g, 0, acc);
  }
#pragma GCC unroll 4
  for (int r = 0; r < kRows; ++r) sums[r] = acc[r];
}

template <class S, class D>
void screen_many(const PanelScreen& screen, int part, typename S::F* sums) {
  const int rows = screen.activations.rows;
  for (int r = 0; r < rows; ++r) sums[r] = S::zero_f();
  for (int64_t g = 0; g < screen.layout->groups; ++g) {
    prefetch_ahead_of_screen<S>(screen, g);
    const ScreenGroup<S> group = load_screen_group<S>(screen, g, part);
    int r = 0;
    for (; r + 4 <= rows; r += 4) screen_group<S, D, 4>(group, screen, g, r, sums + r);
    switch (rows - r) {
      case 3:
        screen_group<S, D, 3>(group, screen, g, r, sums + r);
        break;
      case 2:
        screen_group<S, D, 2>(group, screen, g, r, sums + r);
        break;
      case 1:
        screen_group<S, D, 1>(group, screen, g, r, sums + r);
        break;
      default:
        break;
    }
  }
}

// Every step in variables of its own: in one array the next step would load what narrower stores have just
// written, and wait.
inline float greatest_lane(const float (&lanes)[kPanelRows]) {
  const auto greater = [](float a, float b) { return a > b ? a : b; };
  float eight[8], four[4];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) eight[i] = greater(lanes[i], lanes[i + 8]);
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) four[i] = greater(eight[i], eight[i + 4]);
  return greater(greater(four[0], four[2]), greater(four[1], four[3]));
}

template <class S, class D>
void screen(const PanelScreen& screen) {
  const int rows = screen.activations.rows;
  float estimates[kMostRows][kPanelRows], bounds[kMostRows][kPanelRows];
  for (int part = 0; part < kPanelRows / S::kRows; ++part) {
    typename S::F sums[kMostRows];
    switch (rows) {
      case 0:
        return;
      case 1:
        screen_few<S, D, 1>(screen, part, sums);
        break;
      case 2:
        screen_few<S, D, 2>(screen, part, sums);
        break;
      case 3:
        screen_few<S, D, 3>(screen, part, sums);
        break;
      case 4:
        screen_few<S, D, 4>(screen, part, sums);
        break;
      default:
        screen_many<S, D>(screen, part, sums);
        break;
    }
    const int lane = part * S::kRows;
    const auto* norms = reinterpret_cast<const float*>(screen.panel + screen.layout->norms) + lane;
    const auto cold = S::load_f(norms);
    const auto whole = S::load_f(norms + kPanelRows);
    for (int r = 0; r < rows; ++r) {
      S::store_f(estimates[r] + lane, sums[r]);
      const auto bound = S::fma(cold, S::broadcast_f(screen.radius[r]), sums[r]);
      S::store_f(bounds[r] + lane, S::fma(whole, S::broadcast_f(screen.second_radius[r]), bound));
    }
  }
  for (int r = 0; r < rows; ++r) {
    screen.estimates[r] = greatest_lane(estimates[r]);
    screen.bounds[r] = greatest_lane(bounds[r]);
  }
}

}  // namespace
