#include "executor/cpu/low_rank_rows.h"

#include <algorithm>

namespace riposte::executor {
namespace {

// Products that have their input in common: Q, K and V, gate and up. Each has a place for its u.
constexpr int kSlots = 3;

int slot_of(model::Product product) {
  switch (product) {
    case model::Product::kKey:
    case model::Product::kUp:
      return 1;
    case model::Product::kValue:
      return 2;
    default:
      return 0;
  }
}

size_t at(int64_t index) {
  return static_cast<size_t>(index);
}

int32_t highest_rank(std::span<const PackedAdapter> adapters) {
  int32_t highest = 0;
  for (const PackedAdapter& adapter : adapters) highest = std::max(highest, adapter.highest_rank());
  return highest;
}

}  // namespace

LowRankRows::LowRankRows(std::span<const PackedAdapter> adapters, int32_t max_rows,
                         hardware::ThreadTeam& team, const kernels::Kernels& kernels)
    : adapters_(adapters),
      team_(team),
      kernels_(kernels),
      rank_(highest_rank(adapters)),
      scratch_(at(team.size()) * kBlockRows * at(rank_)) {
  if (adapters.empty()) return;
  for (int slot = 0; slot < kSlots; ++slot) together_.emplace_back(max_rows, rank_, team.size());
  for (int i = 0; i < team.size() * kSlots; ++i) alone_.emplace_back(kBlockRows, rank_, team.size());
  for (Rows* rows : {&all_, &answers_}) {
    rows->segments.reserve(at(max_rows));
    rows->first_position.reserve(at(max_rows));
  }
}

void LowRankRows::add_row(Rows& rows, const model::StepBatch& batch, int32_t row) const {
  const auto index = static_cast<int32_t>(rows.first_position.size());
  rows.first_position.push_back(batch.positions[at(row)] == 0);
  const model::AdapterId adapter = batch.adapters[at(batch.sequences[at(row)])];
  if (adapter == model::kNoAdapter || adapters_[at(adapter - 1)].is_merged()) return;
  append_row(rows.segments, index, adapter - 1);
}

void LowRankRows::begin(const model::StepBatch& batch, std::span<const int32_t> answers) {
  for (Rows* rows : {&all_, &answers_}) {
    rows->segments.clear();
    rows->first_position.clear();
  }
  if (batch.adapters.empty() || adapters_.empty()) return;
  const auto count = static_cast<int32_t>(batch.tokens.size());
  for (int32_t row = 0; row < count; ++row) add_row(all_, batch, row);
  for (const int32_t row : answers) add_row(answers_, batch, row);
  shared_ = count > kBlockRows;
  for (QuantizedRows& rows : shared_ ? together_ : alone_) rows.reset(count);
}

const PackedAdapter* LowRankRows::first() const {
  return active() ? &adapters_[at(all_.segments.front().owner)] : nullptr;
}

QuantizedRows& LowRankRows::reduced(int worker, model::Product product) {
  const auto slot = at(slot_of(product));
  return shared_ ? together_[slot] : alone_[at(worker) * kSlots + slot];
}

void LowRankRows::reduce(int worker, int32_t layer, model::Product product, QuantizedRows& input,
                         const ReadingOrder& order, bool answers_only) {
  const Rows& rows = answers_only ? answers_ : all_;
  float* scratch = scratch_.data() + at(worker) * kBlockRows * at(rank_);
  const std::byte* after = order.after(worker, layer, ReadingOrder::Source::kAdapterA, product);
  QuantizedRows& out = reduced(worker, product);
  int turn = slot_of(product) * static_cast<int>(rows.segments.size());  // through all products of the input
  for (const OwnedSegment& segment : rows.segments) {
    if (shared_ && turn++ % team_.size() != worker) continue;
    const PackedLowRank& pair = adapters_[at(segment.owner)].of(layer, product);
    if (pair.empty()) continue;
    // One group of u after another: [groups][rows][32].
    const int32_t count = segment.rows.end - segment.rows.begin;
    const auto two_planes = std::span(rows.first_position).subspan(at(segment.rows.begin), at(count));
    for (int64_t group = 0; group < pair.rank() / quant::kGroupSize; ++group) {
      const hardware::Share panels{group * quant::kGroupPanels, (group + 1) * quant::kGroupPanels};
      float* values = scratch + group * count * quant::kGroupSize;
      // Of a whole row, that would be where the row begins.
      input.multiply_segment(kernels_, worker, segment.rows, pair.a, panels,
                             values - group * quant::kGroupSize, quant::kGroupSize, false, after);
      kernels_.scale(values, pair.factor, values, count * quant::kGroupSize);
      out.set_group(kernels_, segment.rows, group, values, two_planes);
    }
  }
}

void LowRankRows::expand(int worker, int32_t layer, model::Product product, float* out, size_t out_stride,
                         const ReadingOrder& order, bool answers_only) {
  QuantizedRows& input = reduced(worker, product);
  const std::byte* after = order.after(worker, layer, ReadingOrder::Source::kAdapterB, product);
  for (const OwnedSegment& segment : (answers_only ? answers_ : all_).segments) {
    const PackedLowRank& pair = adapters_[at(segment.owner)].of(layer, product);
    if (pair.empty()) continue;
    input.multiply_segment(kernels_, worker, segment.rows, pair.b, order.panels(worker, product),
                           out + at(segment.rows.begin) * out_stride, out_stride, true, after);
  }
}

}  // namespace riposte::executor
