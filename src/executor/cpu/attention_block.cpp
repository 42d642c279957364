// The attention half of a layer: CpuExecutor from the projected heads to the attention output.
#include <algorithm>

#include "executor/cpu/cpu_executor.h"

namespace riposte::executor {

using model::Product;

namespace {

size_t at(int32_t index) { return static_cast<size_t>(index); }

}  // namespace

void CpuExecutor::attention_block(int worker, int32_t layer) {
  const int32_t rows = rows_after_keys(layer);
  if (worker == 0) hidden_rows_.reset(rows);
  project(worker, layer, normed(worker), {{Product::kQuery, query_}, {Product::kKey, key_}, {Product::kValue, value_}},
          false, StepPart::kQkv);
  if (reading_order_.by_heads()) {
    const hardware::Share heads = reading_order_.heads(worker);
    for (int64_t head = heads.begin; head < heads.end; ++head) place_head(layer, static_cast<int32_t>(head));
    finish_part(worker, StepPart::kQkv);
  } else {
    finish_part(worker, StepPart::kQkv);
    for (int32_t head = worker; head < all_heads(); head += team_.size()) place_head(layer, head);
    finish_part(worker, StepPart::kPlace);
  }

  if (worker == 0 && rows < rows_) move_answering_rows_up(layer);
  // Later rows see more keys: dealing the items out in turn gives every worker its share of the long ones.
  const int32_t together = rows_together(rows);
  for (int32_t index = 0, item = 0; index < rows;) {
    const int32_t count = rows_in_line(layer, index, std::min(index + together, rows));
    for (int32_t kv_head = 0; kv_head < config_.kv_heads; ++kv_head, ++item) {
      if (item % team_.size() == worker) attend(worker, layer, index, count, kv_head);
    }
    index += count;
  }
  finish_part(worker, StepPart::kAttention);
  if (!attended_in_groups_) {
    const hardware::Share mine = share(rows, worker);
    for (auto row = static_cast<int32_t>(mine.begin); row < mine.end; ++row) {
      attended_rows_.set(kernels_, row, 0, attended_.row(row), config_.heads * config_.head_size,
                         two_planes(batch_row(layer, row)));
    }
    finish_part(worker, StepPart::kQuantize);
  }

  if (worker == 0) normed_rows_.reset(rows);
  FloatRows& sum = config_.post_norms ? block_output_ : stream(0);
  project(worker, layer, attended_rows_, {{Product::kAttentionOutput, sum}}, !config_.post_norms, StepPart::kAttentionOutput);
  finish_part(worker, StepPart::kAttentionOutput);
  finish_block(worker, 2 * layer);
}

// The residual stream of the rows that answer becomes rows 0, 1, ... Nobody reads the stream meanwhile.
void CpuExecutor::move_answering_rows_up(int32_t layer) {
  FloatRows& rows = stream(2 * layer);
  for (int32_t index = 0; index < rows_after_keys(layer); ++index) {
    const float* from = rows.row(batch_row(layer, index));  // index or a later row
    if (from != rows.row(index)) std::copy(from, from + config_.hidden, rows.row(index));
  }
}

// Makes a projected head ready for attention: all rows of it.
void CpuExecutor::place_head(int32_t layer, int32_t number) {
  const model::LayerWeights& vectors = model_->weights.layers[at(layer)];
  const int32_t size = config_.head_size;
  const int32_t key_head = number - config_.heads;
  const int32_t value_head = key_head - config_.kv_heads;
  for (int32_t row = 0; row < rows_; ++row) {
    if (key_head < 0) {
      float* query = query_.row(row) + number * size;
      prepare_head(layer, row, query, vectors.query_bias, vectors.query_norm, number);
      kernels_.scale(query, config_.attention_scale, query, size);
    } else if (value_head < 0) {
      float* key = key_.row(row) + key_head * size;
      prepare_head(layer, row, key, vectors.key_bias, vectors.key_norm, key_head);
      store_half(row, key, [&](model::PageId page, int32_t slot, const uint16_t* halves) {
        kv_.store_key(layer, key_head, page, slot, halves);
      });
    } else {
      float* value = value_.row(row) + value_head * size;
      if (config_.qkv_bias) kernels_.add(vectors.value_bias.data() + value_head * size, value, size);
      store_half(row, value, [&](model::PageId page, int32_t slot, const uint16_t* halves) {
        kv_.store_value(layer, value_head, page, slot, halves);
      });
    }
  }
}

// Stores a key or value of a row in all sequences that it belongs to.
template <class Store>
void CpuExecutor::store_half(int32_t row, const float* values, Store&& store) {
  uint16_t halves[kMaxHeadSize];
  kernels_.to_half(values, halves, config_.head_size);
  const int32_t position = batch_->positions[at(row)];
  const auto store_in = [&](int32_t sequence) {
    store(batch_->page_tables[at(sequence)][at(position / kPageSize)], position % kPageSize, halves);
  };
  store_in(batch_->sequences[at(row)]);
  if (batch_->also_in.empty()) return;
  for (const int32_t sequence : batch_->also_in[at(row)]) store_in(sequence);
}

// Bias, norm and rotation of one head, in place. Where pairs are adjacent the head is left with the first of all pairs
// before the second of all: queries and keys alike, so that their dot product is the same sum.
void CpuExecutor::prepare_head(int32_t layer, int32_t row, float* head, const model::Vector& bias,
                               const model::Vector& norm, int32_t index) {
  const int32_t size = config_.head_size;
  const int32_t half = size / 2;
  if (config_.qkv_bias) kernels_.add(bias.data() + index * size, head, size);
  if (config_.qk_norm) kernels_.rms_norm(head, norm.data(), config_.norm_epsilon, head, size);
  const RopeTable& rope = config_.is_local(layer) ? rope_local_ : rope_full_;
  const int32_t position = batch_->positions[at(row)];
  if (config_.rope_pairs == model::RopePairs::kAdjacent) {
    float pairs[kMaxHeadSize];
    std::copy(head, head + size, pairs);
    for (int32_t pair = 0; pair < half; ++pair) head[pair] = pairs[2 * pair];
    for (int32_t pair = 0; pair < half; ++pair) head[half + pair] = pairs[2 * pair + 1];
  }
  kernels_.rotate(head, head + half, rope.cosine(position), rope.sine(position), half);
}

// Rows that share a pass over the keys: as many as a kernel takes, if every worker still gets a few items.
int32_t CpuExecutor::rows_together(int32_t rows) const {
  constexpr int32_t kItemsEach = 3;
  const int32_t most = std::max(kernels::kMostQueries / (config_.heads / config_.kv_heads), 1);
  return std::clamp(rows * config_.kv_heads / (kItemsEach * team_.size()), 1, most);
}

// How many rows from `index` on, before `end`, follow each other in one sequence.
int32_t CpuExecutor::rows_in_line(int32_t layer, int32_t index, int32_t end) const {
  const int32_t first = batch_row(layer, index);
  int32_t count = 1;
  while (index + count < end && batch_row(layer, index + count) == first + count &&
         batch_->sequences[at(first + count)] == batch_->sequences[at(first)]) {
    ++count;
  }
  return count;
}

void CpuExecutor::attend(int worker, int32_t layer, int32_t index, int32_t count, int32_t kv_head) {
  const int32_t row = batch_row(layer, index);
  const int32_t queries = config_.heads / config_.kv_heads;
  const int32_t offset = kv_head * queries * config_.head_size;
  kernels::KeyRange ranges[kernels::kMostQueries];
  for (int32_t i = 0; i < count; ++i) {
    const int32_t position = batch_->positions[at(row + i)];
    ranges[i] = {config_.is_local(layer) ? std::max(0, position - config_.sliding_window + 1) : 0, position + 1};
  }
  kernels_.attention({.query = query_.row(row) + offset,
                      .query_stride = query_.stride,
                      .rows = count,
                      .queries = queries,
                      .head_size = config_.head_size,
                      .keys = kv_.keys(layer, kv_head),
                      .values = kv_.values(layer, kv_head),
                      .page_stride = kv_.page_stride(),
                      .pages = batch_->page_tables[at(batch_->sequences[at(row)])].data(),
                      .ranges = ranges,
                      .scores = scores_.row(worker),
                      .out = attended_.row(index) + offset,
                      .out_stride = attended_.stride});
  if (!attended_in_groups_) return;
  for (int32_t i = 0; i < count; ++i) {
    attended_rows_.set(kernels_, index + i, offset, attended_.row(index + i) + offset, queries * config_.head_size,
                       two_planes(row + i));
  }
}

}  // namespace riposte::executor
