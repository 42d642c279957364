// An adapter's matrices in panels, as those of the base are (packed_weights.h): pairs of small ones beside
// the base, or sums that take the place of the base's.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/result.h"
#include "executor/cpu/packed_weights.h"
#include "hardware/thread_team.h"
#include "model/adapter.h"
#include "model/model.h"
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

// The products of a layer that have their input in common, in the order of a step. They are read together:
// all A, all of the base, all B.
inline constexpr std::initializer_list<model::Product> kTogether[] = {
    {model::Product::kQuery, model::Product::kKey, model::Product::kValue},
    {model::Product::kAttentionOutput},
    {model::Product::kGate, model::Product::kUp},
    {model::Product::kDown},
};

struct PackedAdapter {
  AlignedBuffer<std::byte> memory;  // the panels of all pairs, in the order in which a step reads them
  std::vector<std::array<PackedLowRank, model::kProducts>> layers;  // all empty where it is merged
  PackedWeights merged;  // layers alone: W + scale * B A, empty where the adapter changes nothing; none where
                         // it is beside

  bool is_merged() const { return !merged.layers.empty(); }

  const PackedLowRank& of(int32_t layer, model::Product product) const {
    return layers[static_cast<size_t>(layer)][static_cast<size_t>(product)];
  }
  int32_t highest_rank() const;
  size_t bytes() const;
};

// W of a product for rows of this adapter (null: of none): its own where it is merged and changes that
// product.
const quant::PackedMatrix& weight_of(const PackedWeights& base, const PackedAdapter* adapter, int32_t layer,
                                     model::Product product);

// Errors: kUnsupported (values of which float32 cannot hold the product).
Result<PackedAdapter> pack_adapter(const model::Adapter& adapter, hardware::ThreadTeam& team);

// Merged into matrices of this type (model/merge.h), which are kept in `folder` for the next start as those
// of the model are (packed_cache.h). Errors: kUnsupported (sums that are too large).
Result<PackedAdapter> merge_adapter(const model::Model& base, const model::Adapter& adapter,
                                    gguf::TensorType type, hardware::ThreadTeam& team,
                                    const std::filesystem::path& folder);

}  // namespace riposte::executor
