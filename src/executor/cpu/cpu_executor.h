// The fast executor: packed integer weights, int8 activations, half-precision KV pages, by the numeric contract of
// kernels/ops.h. The bits of a row's answer depend on its own sequence alone.
#pragma once

#include <memory>
#include <vector>

#include "base/aligned_buffer.h"
#include "executor/cpu/kv_memory.h"
#include "executor/cpu/packed_weights.h"
#include "executor/cpu/quantized_rows.h"
#include "executor/cpu/rope_table.h"
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
  CpuExecutor(std::shared_ptr<const model::Model> model, hardware::ThreadTeam& team, const kernels::Kernels& kernels,
              const ExecutorOptions& options);

  model::ExecutorLimits limits() const override { return limits_; }
  Result<model::StepResult> step(const model::StepBatch& batch) override;
  void copy_page(model::PageId from, model::PageId to, int32_t tokens) override;

 private:
  // The parts of a step, each run by all workers at once. A part ends where the next needs what other workers did: at a
  // barrier.
  void embed(int worker);
  void attention_block(int worker, int32_t layer);
  void place_heads(int32_t layer, int32_t row, int32_t kv_head);
  void prepare_head(int32_t layer, int32_t row, float* head, const model::Vector& bias, const model::Vector& norm,
                    int32_t index);
  void attend(int worker, int32_t layer, int32_t row, int32_t kv_head);
  void feed_forward_block(int worker, int32_t layer);
  void finish_block(int worker, const model::Vector& post_norm, const model::Vector* next_norm);
  void answer(int worker);
  void normalise(int worker, int32_t row, const model::Vector& norm);
  void project(int worker, const QuantizedRows& input, const quant::PackedMatrix& matrix, FloatRows& out, bool add = false);

  template <class Body>
  void for_share(int64_t count, int worker, Body&& body) const;
  void gather_answers();
  // Ends a part of the step: all workers meet. Its time counts for `part`, if somebody asks for a profile.
  void finish_part(int worker, StepPart part);
  float* scratch(int worker) { return scratch_.row(worker); }

  std::shared_ptr<const model::Model> model_;
  const model::ModelConfig& config_;
  hardware::ThreadTeam& team_;
  const kernels::Kernels& kernels_;
  model::ExecutorLimits limits_;
  StepValidator validator_;
  PackedWeights weights_;
  KvMemory kv_;
  RopeTable rope_full_;
  RopeTable rope_local_;

  FloatRows residual_;      // [rows][hidden]: the stream that every block adds to
  FloatRows block_output_;  // [rows][hidden]: what a block adds, where a norm comes between
  FloatRows query_, key_, value_;
  FloatRows attended_;      // [rows][heads * head_size]
  FloatRows gate_, up_;     // [rows][feed_forward]
  FloatRows scratch_;       // [workers][the widest row]
  FloatRows scores_;        // [workers][queries of a kv head * positions]
  FloatRows logits_;        // [answers][vocabulary]
  QuantizedRows normed_rows_;    // inputs of Q, K, V and of gate, up
  QuantizedRows attended_rows_;  // inputs of the attention output
  QuantizedRows hidden_rows_;    // inputs of down
  QuantizedRows answer_rows_;    // inputs of the output head

  StepProfile* profile_;  // null: nobody asks
  std::chrono::steady_clock::time_point part_began_;

  // The step that is being computed.
  const model::StepBatch* batch_ = nullptr;
  int32_t rows_ = 0;
  std::vector<uint8_t> two_planes_;   // [rows]: carried as two int8 planes
  std::vector<int32_t> answers_;      // the rows that answer
  struct Winner {
    float logit;
    TokenId token;
  };
  std::vector<Winner> winners_;       // [workers][answers]
  std::vector<TokenId> argmax_;       // [rows]
  std::vector<std::span<const float>> row_logits_;  // [rows]
};

}  // namespace riposte::executor
