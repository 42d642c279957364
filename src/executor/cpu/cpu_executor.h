// The fast executor: packed integer weights, int8 activations, half-precision KV pages, by the numeric
// contract of kernels/ops.h. The bits of a row's answer depend on its own sequence alone.
#pragma once

#include <memory>
#include <vector>

#include "base/aligned_buffer.h"
#include "executor/cpu/base_rows.h"
#include "executor/cpu/kv_memory.h"
#include "executor/cpu/low_rank_rows.h"
#include "executor/cpu/packed_adapter.h"
#include "executor/cpu/packed_weights.h"
#include "executor/cpu/quantized_rows.h"
#include "executor/cpu/reading_order.h"
#include "executor/cpu/rope_table.h"
#include "executor/cpu/screened_head.h"
#include "executor/executors.h"
#include "executor/validate.h"

namespace riposte::executor {

// Rows of floats, each padded to whole panels.
struct FloatRows {
  FloatRows() = default;
  FloatRows(int32_t rows, int32_t width)
      : stride(static_cast<size_t>((width + quant::kPanelRows - 1) / quant::kPanelRows * quant::kPanelRows)),
        data(static_cast<size_t>(rows) * stride) {}
  float* row(int32_t index) { return data.data() + static_cast<size_t>(index) * stride; }

  size_t stride = 0;
  AlignedBuffer<float> data;
};

inline constexpr int32_t kMaxHeadSize = 512;

class CpuExecutor final : public model::Executor {
 public:
  CpuExecutor(std::shared_ptr<const model::Model> model, hardware::ThreadTeam& team,
              const kernels::Kernels& kernels, std::vector<PackedAdapter> adapters,
              const ExecutorOptions& options);

  model::ExecutorLimits limits() const override { return limits_; }
  Result<model::StepResult> step(const model::StepBatch& batch) override;
  void copy_page(model::PageId from, model::PageId to, int32_t tokens) override;
  size_t page_bytes() const override { return kv_.page_bytes(); }
  void read_page(model::PageId page, int32_t tokens, std::span<std::byte> to) const override {
    kv_.read_page(page, tokens, to);
  }
  void write_page(model::PageId page, std::span<const std::byte> from) override {
    kv_.write_page(page, from);
  }

 private:
  // A step in parts, each run by all workers at once. A part ends, at a barrier, where the next needs what
  // other workers did; a worker goes on alone with what it computed itself: it rotates and stores the heads
  // that it projected, quantises what it attended to and what it activated. So a layer has 5 barriers when a
  // step has few rows, 7 when it has many: the norm between two blocks needs whole rows, and is computed by
  // every worker for itself where that takes less time than to meet.
  void embed(int worker);
  void attention_block(int worker, int32_t layer);
  void feed_forward_block(int worker, int32_t layer);
  void finish_block(int worker, int32_t block);
  void answer(int worker);

  // The heads of a layer, all rows: numbers 0 .. heads-1 are queries, then come the keys and the values.
  int32_t all_heads() const { return config_.heads + 2 * config_.kv_heads; }
  void place_head(int32_t layer, int32_t number);
  void prepare_head(int32_t layer, int32_t row, float* head, const model::Vector& bias,
                    const model::Vector& norm, int32_t index);
  template <class Store>
  void store_half(int32_t row, const float* values, Store&& store);
  int32_t rows_together(int32_t rows) const;
  int32_t rows_in_line(int32_t layer, int32_t index, int32_t end) const;
  void attend(int worker, int32_t layer, int32_t index, int32_t count, int32_t kv_head);
  void move_answering_rows_up(int32_t layer);

  // The residual stream's row after a block: with post norms, computed from what the block gave, in the
  // worker's scratch or, if `keep`, in the stream.
  const float* stream_after(int worker, int32_t block, int32_t row, bool keep);
  // Quantises what the stream holds of the batch's row `row`, normalised, into `out`, as its row `index`.
  void normalise(int worker, int32_t row, const float* stream, const model::Vector& norm, QuantizedRows& out,
                 int32_t index);

  // Products that have `input` in common, with what the adapters of rows add to them (low_rank_rows.h): the
  // panels that reading_order.h gives the worker. With few rows the adapters meet nobody on the way.
  struct Output {
    model::Product product;
    FloatRows& rows;
  };
  void project(int worker, int32_t layer, QuantizedRows& input, std::initializer_list<Output> outputs,
               bool add, StepPart part);
  bool answers_only(int32_t layer, model::Product product) const {
    return layer + 1 == config_.layers && product >= model::Product::kAttentionOutput;
  }

  // Parts that compute whole rows: body(row, keep). Every worker takes its share of the rows and keeps what
  // it computes; or, where each works for itself, all rows, and the first worker keeps them.
  template <class Body>
  void for_rows(int worker, int32_t count, Body&& body) const;
  // Of the last layer, rows without an answer give keys and values alone: from its attention on only the rows
  // that answer are computed, as rows 0, 1, ...
  int32_t rows_after_keys(int32_t layer) const {
    return layer + 1 < config_.layers ? rows_ : static_cast<int32_t>(answers_.size());
  }
  // Which row of the batch is row `index` after the keys of this layer.
  int32_t batch_row(int32_t layer, int32_t index) const {
    return layer + 1 < config_.layers ? index : answers_[static_cast<size_t>(index)];
  }
  hardware::Share share(int64_t count, int worker) const {
    return hardware::share_of(count, worker, team_.size());
  }
  void gather_answers();
  bool asks_for_winners_only() const;
  void finish_answers();
  // Ends a part of the step: all workers meet. Its time counts for `part`, if somebody asks for a profile.
  void finish_part(int worker, StepPart part);
  // The first position of a sequence is carried as two int8 planes.
  bool two_planes(int32_t row) const { return batch_->positions[static_cast<size_t>(row)] == 0; }
  float* scratch(int worker) { return scratch_.row(worker); }
  // The residual stream as block `block` finds it. What a block adds goes into the same rows; with post
  // norms, which are computed by those who read the rows, into the others of two.
  FloatRows& stream(int32_t block) { return stream_[config_.post_norms ? block % 2 : 0]; }
  // What a block reads.
  QuantizedRows& normed(int worker) {
    return alone_ ? normed_alone_[static_cast<size_t>(worker)] : normed_rows_;
  }

  std::shared_ptr<const model::Model> model_;
  const model::ModelConfig& config_;
  hardware::ThreadTeam& team_;
  const kernels::Kernels& kernels_;
  model::ExecutorLimits limits_;
  StepValidator validator_;
  PackedWeights weights_;
  std::vector<PackedAdapter> adapters_;
  BaseRows base_rows_;
  LowRankRows low_rank_;
  ReadingOrder reading_order_;
  ScreenedHead screened_head_;
  KvMemory kv_;
  RopeTable rope_full_;
  RopeTable rope_local_;

  FloatRows stream_[2];     // [rows][hidden]: the residual stream, that every block adds to
  FloatRows block_output_;  // [rows][hidden]: what a block adds, where a norm comes between
  FloatRows query_, key_, value_;
  FloatRows attended_;         // [rows][heads * head_size]
  FloatRows gate_, up_;        // [rows][feed_forward]
  FloatRows scratch_;          // [2 * workers][hidden]
  FloatRows scores_;           // [workers][kMostQueries * positions]
  FloatRows logits_;           // [head rows][vocabulary]
  FloatRows hidden_;           // [answers][hidden]: of the rows that ask for it
  QuantizedRows normed_rows_;  // inputs of Q, K, V and of gate, up
  std::vector<QuantizedRows>
      normed_alone_;             // [workers]: the same, where every worker computes them for itself
  QuantizedRows attended_rows_;  // inputs of the attention output
  QuantizedRows hidden_rows_;    // inputs of down
  QuantizedRows answer_rows_;    // [head rows]: inputs of the output head

  bool attended_in_groups_;  // an item of attention covers whole groups of 32
  StepProfile* profile_;     // null: nobody asks
  std::chrono::steady_clock::time_point part_began_;

  // The step that is being computed.
  const model::StepBatch* batch_ = nullptr;
  int32_t rows_ = 0;
  bool alone_ = false;               // whole rows are computed by every worker for itself
  std::vector<int32_t> answers_;     // the rows that answer
  std::vector<int32_t> head_rows_;   // of those, the rows that the output head computes
  std::vector<int32_t> head_index_;  // [answers]: which of the head rows an answer is; kNotOfHead: of none
  bool screening_ = false;           // the answers are found by screening
  std::vector<Winner> winners_;      // [workers][head rows]
  std::vector<TokenId> argmax_;      // [rows]
  std::vector<std::span<const float>> row_logits_;  // [rows]
  std::vector<std::span<const float>> row_hidden_;  // [rows]
};

}  // namespace riposte::executor
