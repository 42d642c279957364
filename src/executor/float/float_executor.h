// The executor that is the mathematical truth: float32 weights and activations, plain loops.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/aligned_buffer.h"
#include "executor/executors.h"
#include "executor/float/kv_pages.h"
#include "executor/float/rope.h"
#include "executor/float/weights.h"
#include "executor/validate.h"

namespace riposte::executor {

class FloatExecutor final : public model::Executor {
 public:
  // Options must lie in their ranges (make_float_executor checks them). Throws std::bad_alloc.
  FloatExecutor(std::shared_ptr<const model::Model> model, hardware::ThreadTeam& team,
                const ExecutorOptions& options);

  model::ExecutorLimits limits() const override { return limits_; }
  Result<model::StepResult> step(const model::StepBatch& batch) override;
  void copy_page(model::PageId from, model::PageId to, int32_t tokens) override {
    kv_.copy(from, to, tokens);
  }

 private:
  // The parts of a step, each for all rows.
  void embed(const model::StepBatch& batch);
  void attention_block(const model::StepBatch& batch, int32_t layer);
  void feed_forward_block(const model::StepBatch& batch, int32_t layer);
  model::StepResult answer(const model::StepBatch& batch);

  // Of row `row`: bias, head norms and rotation of its queries and keys; keys and values to their page.
  void place_row(const model::StepBatch& batch, int32_t layer, int32_t row);
  void attend(const model::StepBatch& batch, int32_t layer, int32_t row, int32_t head, float* scores);
  void normalise_rows(const AlignedBuffer<float>& from, std::span<const float> weight,
                      AlignedBuffer<float>& to);
  void add_to_residual(std::span<const float> post_norm);

  template <class Body>
  void share(int64_t count, Body&& body);
  void product(const FloatMatrix& weights, const AlignedBuffer<float>& x, AlignedBuffer<float>& out);
  // Adds what the adapters of the rows say of that product: out += scale * B (A x).
  void adapt(const model::StepBatch& batch, int32_t layer, model::Product product, const AlignedBuffer<float>& x,
             AlignedBuffer<float>& out);
  std::span<float> row_of(AlignedBuffer<float>& rows, int32_t row, int32_t width) const;

  const std::shared_ptr<const model::Model> model_;
  const model::ModelConfig& config_;
  hardware::ThreadTeam& team_;
  const model::ExecutorLimits limits_;
  const int32_t query_width_;  // heads * head_size
  const int32_t kv_width_;     // kv_heads * head_size
  StepValidator validator_;
  FloatWeights weights_;
  std::vector<FloatAdapter> adapters_;
  KvPages kv_;
  Rope rope_full_;
  Rope rope_local_;

  int32_t rows_ = 0;                                // of the step in progress
  AlignedBuffer<float> residual_;                   // [max_rows, hidden]
  AlignedBuffer<float> normed_;                     // [max_rows, hidden]
  AlignedBuffer<float> block_output_;               // [max_rows, hidden]
  AlignedBuffer<float> query_;                      // [max_rows, query_width]
  AlignedBuffer<float> key_;                        // [max_rows, kv_width]
  AlignedBuffer<float> value_;                      // [max_rows, kv_width]
  AlignedBuffer<float> attended_;                   // [max_rows, query_width]
  AlignedBuffer<float> gate_;                       // [max_rows, feed_forward]
  AlignedBuffer<float> up_;                         // [max_rows, feed_forward]
  AlignedBuffer<float> angles_full_;                // [max_rows, head_size]
  AlignedBuffer<float> angles_local_;               // [max_rows, head_size]
  AlignedBuffer<float> low_rank_;                   // [team size, highest rank]
  AlignedBuffer<float> scores_;                     // [team size, context_length]
  AlignedBuffer<float> logits_;                     // [max_logit_rows, vocabulary]
  std::vector<TokenId> argmax_;                     // [max_rows]
  std::vector<std::span<const float>> row_logits_;  // [max_rows]
  AlignedBuffer<float> hidden_;                     // [max_rows, hidden]: answers of that kind
  std::vector<std::span<const float>> row_hidden_;  // [max_rows]
};

}  // namespace riposte::executor
