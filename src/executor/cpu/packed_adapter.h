// An adapter's matrices in panels, as those of the base are (packed_weights.h).
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/result.h"
#include "hardware/thread_team.h"
#include "model/adapter.h"
#include "quant/packed.h"

namespace riposte::executor {

// What an adapter adds to a product W x: B u, where u = factor * (A x).
//
// A and B are rounded to Q8_0, whose scales are half precision: so each is first multiplied by the power of
// two that brings its greatest magnitude into [64, 128), where a half has all of its bits, and `factor` makes
// up for that. The rank is filled up with zeros to whole groups.
struct PackedLowRank {
  quant::PackedMatrix a;  // [rank, columns of W]
  quant::PackedMatrix b;  // [rows of W, rank]
  float factor = 0.0f;    // alpha / rank, over the two powers of two

  bool empty() const { return a.rows() == 0; }
  int32_t rank() const { return a.rows(); }  // with the zeros: a multiple of 32
};

// The products of a layer that have their input in common, in the order of a step. They are read together: all A, all of the
// base, all B.
inline constexpr std::initializer_list<model::Product> kTogether[] = {
    {model::Product::kQuery, model::Product::kKey, model::Product::kValue},
    {model::Product::kAttentionOutput},
    {model::Product::kGate, model::Product::kUp},
    {model::Product::kDown},
};

struct PackedAdapter {
  AlignedBuffer<std::byte> memory;  // the panels of all matrices, in the order in which a step reads them
  std::vector<std::array<PackedLowRank, model::kProducts>> layers;

  const PackedLowRank& of(int32_t layer, model::Product product) const {
    return layers[static_cast<size_t>(layer)][static_cast<size_t>(product)];
  }
  int32_t highest_rank() const;
  size_t bytes() const;
};

// Errors: kUnsupported (values of which float32 cannot hold the product).
Result<PackedAdapter> pack_adapter(const model::Adapter& adapter, hardware::ThreadTeam& team);

}  // namespace riposte::executor
