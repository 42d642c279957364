#include "executor/cpu/cpu_executor.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "executor/cpu/packed_cache.h"
#include "quant/decode.h"

namespace riposte::executor {
namespace {

size_t at(int32_t index) { return static_cast<size_t>(index); }

model::ExecutorLimits limits_of(const model::ModelConfig& config, const ExecutorOptions& options) {
  return {.page_size = kPageSize,
          .pages = (options.kv_tokens - 1) / kPageSize + 1,
          .max_rows = options.max_rows,
          .max_logit_rows = std::min(options.max_logit_rows, options.max_rows),
          .vocabulary = config.vocabulary,
          .context_length = config.context_length};
}

// Positions that a sequence can reach: those that the model knows and the KV memory can hold.
int32_t reachable_positions(const model::ExecutorLimits& limits) {
  return static_cast<int32_t>(
      std::min<int64_t>(limits.context_length, int64_t{limits.pages} * limits.page_size));
}

}  // namespace

CpuExecutor::CpuExecutor(std::shared_ptr<const model::Model> model, hardware::ThreadTeam& team,
                         const kernels::Kernels& kernels, const ExecutorOptions& options)
    : model_(std::move(model)),
      config_(model_->config),
      team_(team),
      kernels_(kernels),
      limits_(limits_of(config_, options)),
      validator_(limits_),
      weights_(load_or_pack(*model_, team, options.packed_cache)),
      kv_(config_.layers, limits_.pages, config_.kv_heads, config_.head_size),
      rope_full_(config_, false, model_->weights.rope_factors, reachable_positions(limits_)),
      rope_local_(config_, true, {}, config_.sliding_window > 0 ? reachable_positions(limits_) : 0),
      residual_(limits_.max_rows, config_.hidden),
      block_output_(limits_.max_rows, config_.hidden),
      query_(limits_.max_rows, config_.heads * config_.head_size),
      key_(limits_.max_rows, config_.kv_heads * config_.head_size),
      value_(limits_.max_rows, config_.kv_heads * config_.head_size),
      attended_(limits_.max_rows, config_.heads * config_.head_size),
      gate_(limits_.max_rows, config_.feed_forward),
      up_(limits_.max_rows, config_.feed_forward),
      scratch_(2 * team.size(), std::max({config_.hidden, config_.feed_forward, config_.heads * config_.head_size})),
      scores_(team.size(), config_.heads / config_.kv_heads * (reachable_positions(limits_) + kPageSize)),
      logits_(limits_.max_logit_rows, config_.vocabulary),
      normed_rows_(limits_.max_rows, config_.hidden),
      attended_rows_(limits_.max_rows, config_.heads * config_.head_size),
      hidden_rows_(limits_.max_rows, config_.feed_forward),
      answer_rows_(limits_.max_logit_rows, config_.hidden),
      profile_(options.profile),
      two_planes_(at(limits_.max_rows)),
      winners_(at(team.size()) * at(limits_.max_logit_rows)),
      argmax_(at(limits_.max_rows)),
      row_logits_(at(limits_.max_rows)) {
  answers_.reserve(at(limits_.max_logit_rows));
}

void CpuExecutor::copy_page(model::PageId from, model::PageId to, int32_t) { kv_.copy_page(from, to); }

Result<model::StepResult> CpuExecutor::step(const model::StepBatch& batch) {
  if (const Result<void> valid = validator_.check(batch); !valid) return pass_on(valid);
  batch_ = &batch;
  rows_ = static_cast<int32_t>(batch.tokens.size());
  gather_answers();
  normed_rows_.reset(rows_);
  attended_rows_.reset(rows_);
  hidden_rows_.reset(rows_);
  answer_rows_.reset(static_cast<int32_t>(answers_.size()));
  const uint64_t barriers = team_.barriers();
  if (profile_) part_began_ = std::chrono::steady_clock::now();
  team_.run([this](int worker) {
    embed(worker);
    for (int32_t layer = 0; layer < config_.layers; ++layer) {
      attention_block(worker, layer);
      feed_forward_block(worker, layer);
    }
    if (!answers_.empty()) answer(worker);
  });
  if (profile_) {
    ++profile_->steps;
    profile_->barriers += team_.barriers() - barriers;
  }
  // The winner of each answering row: the lowest id among the greatest logits.
  for (size_t i = 0; i < answers_.size(); ++i) {
    const size_t row = at(answers_[i]);
    if (batch.outputs[row] == model::RowOutput::kLogits) {
      row_logits_[row] = {logits_.row(static_cast<int32_t>(i)), at(config_.vocabulary)};
      continue;
    }
    Winner best = winners_[i];
    for (int worker = 1; worker < team_.size(); ++worker) {
      const Winner& other = winners_[at(worker) * answers_.size() + i];
      if (other.logit > best.logit) best = other;
    }
    argmax_[row] = best.token;
  }
  return model::StepResult{std::span(argmax_).first(at(rows_)), std::span(row_logits_).first(at(rows_))};
}

void CpuExecutor::gather_answers() {
  answers_.clear();
  for (int32_t row = 0; row < rows_; ++row) {
    argmax_[at(row)] = kNoToken;
    row_logits_[at(row)] = {};
    if (batch_->outputs[at(row)] != model::RowOutput::kNone) answers_.push_back(row);
  }
}

void CpuExecutor::finish_part(int worker, StepPart part) {
  team_.barrier();
  if (!profile_ || worker != 0) return;
  const auto now = std::chrono::steady_clock::now();
  profile_->time[static_cast<size_t>(part)] += now - part_began_;
  part_began_ = now;
}

template <class Body>
void CpuExecutor::for_share(int64_t count, int worker, Body&& body) const {
  const hardware::Share share = hardware::share_of(count, worker, team_.size());
  for (int64_t item = share.begin; item < share.end; ++item) body(static_cast<int32_t>(item));
}

void CpuExecutor::project(int worker, const QuantizedRows& input, const quant::PackedMatrix& matrix, FloatRows& out,
                          bool add) {
  const hardware::Share share = hardware::share_of(matrix.panels(), worker, team_.size());
  input.multiply(kernels_, matrix, share.begin, share.end, out.data.data(), out.stride, add);
}

// The residual stream's row, normalised and quantised.
void CpuExecutor::normalise(int worker, int32_t row, const model::Vector& norm) {
  float* normed = scratch(worker);
  kernels_.rms_norm(residual_.row(row), norm.data(), config_.norm_epsilon, normed, config_.hidden);
  normed_rows_.set(kernels_, row, normed, two_planes_[at(row)], scratch(team_.size() + worker));
}

void CpuExecutor::embed(int worker) {
  const model::Matrix& embedding = model_->weights.token_embedding;
  const model::Vector& first_norm = model_->weights.layers.front().attention_norm;
  for_share(rows_, worker, [&](int32_t row) {
    float* x = residual_.row(row);
    quant::decode(embedding.type, embedding.row(batch_->tokens[at(row)]), {x, at(config_.hidden)});
    if (config_.embedding_scale != 1.0f) kernels_.scale(x, config_.embedding_scale, x, config_.hidden);
    two_planes_[at(row)] = batch_->positions[at(row)] == 0;
    normalise(worker, row, first_norm);
  });
  finish_part(worker, StepPart::kEmbed);
}

void CpuExecutor::attention_block(int worker, int32_t layer) {
  const model::LayerWeights& vectors = model_->weights.layers[at(layer)];
  const PackedLayer& matrices = weights_.layers[at(layer)];
  project(worker, normed_rows_, matrices.query, query_);
  project(worker, normed_rows_, matrices.key, key_);
  project(worker, normed_rows_, matrices.value, value_);
  finish_part(worker, StepPart::kQkv);

  const int64_t items = int64_t{rows_} * config_.kv_heads;
  for_share(items, worker, [&](int32_t item) { place_heads(layer, item / config_.kv_heads, item % config_.kv_heads); });
  finish_part(worker, StepPart::kPlace);

  // Later rows see more keys: dealing the items out in turn gives every worker its share of the long ones.
  for (int64_t item = worker; item < items; item += team_.size()) {
    attend(worker, layer, static_cast<int32_t>(item / config_.kv_heads), static_cast<int32_t>(item % config_.kv_heads));
  }
  finish_part(worker, StepPart::kAttention);

  for_share(rows_, worker, [&](int32_t row) {
    attended_rows_.set(kernels_, row, attended_.row(row), two_planes_[at(row)], scratch(worker));
  });
  finish_part(worker, StepPart::kQuantize);

  if (worker == 0) normed_rows_.reset(rows_);
  project(worker, attended_rows_, matrices.attention_output, config_.post_norms ? block_output_ : residual_,
          !config_.post_norms);
  finish_part(worker, StepPart::kAttentionOutput);
  finish_block(worker, vectors.post_attention_norm, &vectors.feed_forward_norm);
}

// Bias, norm and rotation of one head, in place. Where pairs are adjacent the head is left with the first of all pairs
// before the second of all: queries and keys alike, so that their dot product is the same sum.
void CpuExecutor::prepare_head(int32_t layer, int32_t row, float* head, const model::Vector& bias,
                               const model::Vector& norm, int32_t index) {
  const int32_t size = config_.head_size;
  const int32_t half = size / 2;
  if (config_.qkv_bias) kernels_.add(bias.data() + index * size, head, size);
  if (config_.qk_norm) kernels_.rms_norm(head, norm.data(), config_.norm_epsilon, head, size);
  if (config_.rope_pairs == model::RopePairs::kAdjacent) {
    float second[kMaxHeadSize / 2];
    for (int32_t pair = 0; pair < half; ++pair) {
      const float first = head[2 * pair];
      second[pair] = head[2 * pair + 1];
      head[pair] = first;
    }
    std::copy(second, second + half, head + half);
  }
  const RopeTable& rope = config_.is_local(layer) ? rope_local_ : rope_full_;
  const int32_t position = batch_->positions[at(row)];
  kernels_.rotate(head, head + half, rope.cosine(position), rope.sine(position), half);
}

// The query heads of one key and value head, and the key and value themselves, ready for attention.
void CpuExecutor::place_heads(int32_t layer, int32_t row, int32_t kv_head) {
  const model::LayerWeights& vectors = model_->weights.layers[at(layer)];
  const int32_t size = config_.head_size;
  const int32_t queries = config_.heads / config_.kv_heads;
  for (int32_t head = kv_head * queries; head < (kv_head + 1) * queries; ++head) {
    float* query = query_.row(row) + head * size;
    prepare_head(layer, row, query, vectors.query_bias, vectors.query_norm, head);
    kernels_.scale(query, config_.attention_scale, query, size);
  }
  float* key = key_.row(row) + kv_head * size;
  float* value = value_.row(row) + kv_head * size;
  prepare_head(layer, row, key, vectors.key_bias, vectors.key_norm, kv_head);
  if (config_.qkv_bias) kernels_.add(vectors.value_bias.data() + kv_head * size, value, size);

  uint16_t key_halves[kMaxHeadSize], value_halves[kMaxHeadSize];
  kernels_.to_half(key, key_halves, size);
  kernels_.to_half(value, value_halves, size);
  const int32_t position = batch_->positions[at(row)];
  const auto store = [&](int32_t sequence) {
    const model::PageId page = batch_->page_tables[at(sequence)][at(position / kPageSize)];
    kv_.store(layer, kv_head, page, position % kPageSize, key_halves, value_halves);
  };
  store(batch_->sequences[at(row)]);
  if (batch_->also_in.empty()) return;
  for (const int32_t sequence : batch_->also_in[at(row)]) store(sequence);
}

void CpuExecutor::attend(int worker, int32_t layer, int32_t row, int32_t kv_head) {
  const int32_t queries = config_.heads / config_.kv_heads;
  const int32_t position = batch_->positions[at(row)];
  const int32_t offset = kv_head * queries * config_.head_size;
  kernels_.attention({.query = query_.row(row) + offset,
                      .queries = queries,
                      .head_size = config_.head_size,
                      .keys = kv_.keys(layer, kv_head),
                      .values = kv_.values(layer, kv_head),
                      .page_stride = kv_.page_stride(),
                      .pages = batch_->page_tables[at(batch_->sequences[at(row)])].data(),
                      .begin = config_.is_local(layer) ? std::max(0, position - config_.sliding_window + 1) : 0,
                      .end = position + 1,
                      .scores = scores_.row(worker),
                      .out = attended_.row(row) + offset});
}

void CpuExecutor::feed_forward_block(int worker, int32_t layer) {
  const model::LayerWeights& vectors = model_->weights.layers[at(layer)];
  const PackedLayer& matrices = weights_.layers[at(layer)];
  project(worker, normed_rows_, matrices.gate, gate_);
  project(worker, normed_rows_, matrices.up, up_);
  // A worker activates the columns that it computed itself: no barrier between.
  const hardware::Share panels = hardware::share_of(matrices.gate.panels(), worker, team_.size());
  const auto begin = static_cast<int32_t>(panels.begin) * quant::kPanelRows;
  const int32_t end = std::min(static_cast<int32_t>(panels.end) * quant::kPanelRows, config_.feed_forward);
  const auto activate = config_.activation == model::Activation::kSilu ? kernels_.silu_multiply : kernels_.gelu_multiply;
  for (int32_t row = 0; row < rows_ && begin < end; ++row) {
    activate(gate_.row(row) + begin, up_.row(row) + begin, gate_.row(row) + begin, end - begin);
  }
  finish_part(worker, StepPart::kGateUp);

  for_share(rows_, worker, [&](int32_t row) {
    hidden_rows_.set(kernels_, row, gate_.row(row), two_planes_[at(row)], scratch(worker));
  });
  finish_part(worker, StepPart::kQuantize);

  if (worker == 0) {
    normed_rows_.reset(rows_);
    attended_rows_.reset(rows_);
  }
  project(worker, hidden_rows_, matrices.down, config_.post_norms ? block_output_ : residual_, !config_.post_norms);
  finish_part(worker, StepPart::kDown);
  if (worker == 0) hidden_rows_.reset(rows_);
  const bool last = layer + 1 == config_.layers;
  finish_block(worker, vectors.post_feed_forward_norm,
               last ? nullptr : &model_->weights.layers[at(layer + 1)].attention_norm);
}

// Adds what the block computed, where a norm comes between, and prepares the input of the next block, if there is one.
void CpuExecutor::finish_block(int worker, const model::Vector& post_norm, const model::Vector* next_norm) {
  for_share(rows_, worker, [&](int32_t row) {
    if (config_.post_norms) {
      float* output = block_output_.row(row);
      kernels_.rms_norm(output, post_norm.data(), config_.norm_epsilon, output, config_.hidden);
      kernels_.add(output, residual_.row(row), config_.hidden);
    }
    if (next_norm) normalise(worker, row, *next_norm);
  });
  finish_part(worker, StepPart::kNorm);
}

void CpuExecutor::answer(int worker) {
  const auto count = static_cast<int32_t>(answers_.size());
  for_share(count, worker, [&](int32_t index) {
    const int32_t row = answers_[at(index)];
    float* normed = scratch(worker);
    kernels_.rms_norm(residual_.row(row), model_->weights.output_norm.data(), config_.norm_epsilon, normed, config_.hidden);
    answer_rows_.set(kernels_, index, normed, two_planes_[at(row)], scratch(team_.size() + worker));
  });
  finish_part(worker, StepPart::kNorm);
  project(worker, answer_rows_, weights_.output, logits_);
  const hardware::Share panels = hardware::share_of(weights_.output.panels(), worker, team_.size());
  const auto begin = static_cast<int32_t>(panels.begin) * quant::kPanelRows;
  const int32_t end = std::min(static_cast<int32_t>(panels.end) * quant::kPanelRows, config_.vocabulary);
  for (int32_t index = 0; index < count; ++index) {
    Winner& winner = winners_[at(worker) * answers_.size() + at(index)];
    winner = {-std::numeric_limits<float>::infinity(), 0};
    if (begin >= end) continue;
    const float* logits = logits_.row(index) + begin;
    const int best = kernels_.argmax(logits, end - begin);
    winner = {std::isnan(logits[best]) ? -std::numeric_limits<float>::infinity() : logits[best], begin + best};
  }
  finish_part(worker, StepPart::kHead);
}

Result<std::unique_ptr<model::Executor>> make_cpu_executor(std::shared_ptr<const model::Model> model,
                                                           hardware::ThreadTeam& team,
                                                           const ExecutorOptions& options) {
  const Result<const kernels::Kernels*> kernels = kernels::find_kernels(options.instruction_set);
  if (!kernels) return pass_on(kernels);
  if (options.kv_tokens < 1 || options.max_rows < 1 || options.max_logit_rows < 1) {
    return fail(ErrorCode::kInvalidArgument, "kv_tokens, max_rows and max_logit_rows must be at least 1");
  }
  const int32_t head_size = model->config.head_size;
  if (head_size % kernels::kLanes != 0 || head_size > kMaxHeadSize) {
    return fail(ErrorCode::kUnsupported,
                "attention heads of {} values: the cpu executor needs a multiple of {} up to {}; --executor float computes any",
                head_size, kernels::kLanes, kMaxHeadSize);
  }
  try {
    return std::make_unique<CpuExecutor>(std::move(model), team, **kernels, options);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kBusy, "not enough memory for the model's packed weights and a KV cache of {} tokens",
                options.kv_tokens);
  }
}

}  // namespace riposte::executor
