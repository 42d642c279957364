#include "executor/cpu/base_rows.h"

#include <algorithm>

namespace riposte::executor {
namespace {

size_t at(int64_t index) {
  return static_cast<size_t>(index);
}

}  // namespace

BaseRows::BaseRows(const PackedWeights& base, std::span<const PackedAdapter> adapters, int32_t max_rows,
                   const kernels::Kernels& kernels)
    : base_(base), adapters_(adapters), kernels_(kernels) {
  for (auto* segments : {&all_, &answers_}) segments->reserve(at(max_rows));
}

int32_t BaseRows::owner_of(const model::StepBatch& batch, int32_t row) const {
  if (batch.adapters.empty()) return kBase;
  const model::AdapterId adapter = batch.adapters[at(batch.sequences[at(row)])];
  return adapter != model::kNoAdapter && adapters_[at(adapter - 1)].is_merged() ? adapter - 1 : kBase;
}

void BaseRows::begin(const model::StepBatch& batch, std::span<const int32_t> answers) {
  all_.clear();
  answers_.clear();
  const auto count = static_cast<int32_t>(batch.tokens.size());
  for (int32_t row = 0; row < count; ++row) append_row(all_, row, owner_of(batch, row));
  for (int32_t index = 0; const int32_t row : answers) append_row(answers_, index++, owner_of(batch, row));
  one_owner_ = std::ranges::all_of(
      all_, [&](const OwnedSegment& segment) { return segment.owner == all_.front().owner; });
}

void BaseRows::multiply(int worker, int32_t layer, model::Product product, QuantizedRows& input,
                        const ReadingOrder& order, float* out, size_t out_stride, bool add,
                        bool answers_only) const {
  const hardware::Share panels = order.panels(worker, product);
  const std::byte* after = order.after(worker, layer, ReadingOrder::Source::kBase, product);
  if (one_owner_) {
    input.multiply(kernels_, worker, weight_of(base_, first(), layer, product), panels, out, out_stride, add,
                   after);
    return;
  }
  for (const OwnedSegment& segment : answers_only ? answers_ : all_) {
    input.multiply_segment(kernels_, worker, segment.rows,
                           weight_of(base_, adapter_of(segment.owner), layer, product), panels,
                           out + at(segment.rows.begin) * out_stride, out_stride, add, after);
  }
}

}  // namespace riposte::executor
