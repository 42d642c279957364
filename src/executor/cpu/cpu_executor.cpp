#include "executor/cpu/cpu_executor.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "executor/cpu/packed_cache.h"
#include "quant/decode.h"

namespace riposte::executor {

using model::Product;

namespace {

size_t at(int32_t index) {
  return static_cast<size_t>(index);
}

model::ExecutorLimits limits_of(const model::ModelConfig& config, const ExecutorOptions& options) {
  return {.page_size = kPageSize,
          .pages = (options.kv_tokens - 1) / kPageSize + 1,
          .max_rows = options.max_rows,
          .max_logit_rows = std::min(options.max_logit_rows, options.max_rows),
          .vocabulary = config.vocabulary,
          .context_length = config.context_length,
          .hidden = config.hidden,
          .adapters = static_cast<int32_t>(options.adapters.size())};
}

// In head_index_: an answer that needs no output head.
constexpr int32_t kNotOfHead = -1;

// Up to so many rows every worker computes norms for itself: that costs less than a barrier.
constexpr int32_t kRowsAlone = 4;

std::vector<QuantizedRows> rows_for_each(int workers, int32_t columns) {
  std::vector<QuantizedRows> rows;
  for (int worker = 0; worker < workers; ++worker) rows.emplace_back(kRowsAlone, columns, workers);
  return rows;
}

// Positions that a sequence can reach: those that the model knows and the KV memory can hold.
int32_t reachable_positions(const model::ExecutorLimits& limits) {
  return static_cast<int32_t>(
      std::min<int64_t>(limits.context_length, int64_t{limits.pages} * limits.page_size));
}

}  // namespace

CpuExecutor::CpuExecutor(std::shared_ptr<const model::Model> model, hardware::ThreadTeam& team,
                         const kernels::Kernels& kernels, std::vector<PackedAdapter> adapters,
                         const ExecutorOptions& options)
    : model_(std::move(model)),
      config_(model_->config),
      team_(team),
      kernels_(kernels),
      limits_(limits_of(config_, options)),
      validator_(limits_),
      weights_(load_or_pack(*model_, team, options.packed_cache)),
      adapters_(std::move(adapters)),
      base_rows_(weights_, adapters_, limits_.max_rows, kernels),
      low_rank_(adapters_, limits_.max_rows, team, kernels),
      reading_order_(weights_, config_, team.size()),
      screened_head_(weights_, team.size(),
                     std::min(most_screened_rows(config_.vocabulary), limits_.max_logit_rows)),
      kv_(config_.layers, limits_.pages, config_.kv_heads, config_.head_size),
      rope_full_(config_, false, model_->weights.rope_factors, reachable_positions(limits_)),
      rope_local_(config_, true, {}, config_.sliding_window > 0 ? reachable_positions(limits_) : 0),
      stream_{FloatRows(limits_.max_rows, config_.hidden),
              FloatRows(config_.post_norms ? limits_.max_rows : 0, config_.hidden)},
      block_output_(limits_.max_rows, config_.hidden),
      query_(limits_.max_rows, config_.heads * config_.head_size),
      key_(limits_.max_rows, config_.kv_heads * config_.head_size),
      value_(limits_.max_rows, config_.kv_heads * config_.head_size),
      attended_(limits_.max_rows, config_.heads * config_.head_size),
      gate_(limits_.max_rows, config_.feed_forward),
      up_(limits_.max_rows, config_.feed_forward),
      scratch_(2 * team.size(), config_.hidden),
      scores_(team.size(), kernels::kMostQueries * (reachable_positions(limits_) + 2 * kPageSize)),
      logits_(limits_.max_logit_rows, config_.vocabulary),
      hidden_(limits_.max_rows, config_.hidden),
      normed_rows_(limits_.max_rows, config_.hidden, team.size()),
      normed_alone_(rows_for_each(team.size(), config_.hidden)),
      attended_rows_(limits_.max_rows, config_.heads * config_.head_size, team.size()),
      hidden_rows_(limits_.max_rows, config_.feed_forward, team.size()),
      answer_rows_(limits_.max_logit_rows, config_.hidden, team.size()),
      attended_in_groups_(config_.heads / config_.kv_heads * config_.head_size % quant::kGroupSize == 0),
      profile_(options.profile),
      winners_(at(team.size()) * at(limits_.max_logit_rows)),
      argmax_(at(limits_.max_rows)),
      row_logits_(at(limits_.max_rows)),
      row_hidden_(at(limits_.max_rows)) {
  answers_.reserve(at(limits_.max_rows));
  head_index_.reserve(at(limits_.max_rows));
  head_rows_.reserve(at(limits_.max_logit_rows));
}

void CpuExecutor::copy_page(model::PageId from, model::PageId to, int32_t) {
  kv_.copy_page(from, to);
}

Result<model::StepResult> CpuExecutor::step(const model::StepBatch& batch) {
  if (const Result<void> valid = validator_.check(batch); !valid) return pass_on(valid);
  batch_ = &batch;
  rows_ = static_cast<int32_t>(batch.tokens.size());
  gather_answers();
  base_rows_.begin(batch, answers_);
  low_rank_.begin(batch, answers_);
  alone_ = rows_ <= kRowsAlone;
  normed_rows_.reset(rows_);
  attended_rows_.reset(rows_after_keys(0));
  const auto head_rows = static_cast<int32_t>(head_rows_.size());
  screening_ = screened_head_.takes(head_rows) && asks_for_winners_only();
  if (screening_) screened_head_.begin(head_rows);
  reading_order_.begin(low_rank_.active() ? low_rank_.first() : base_rows_.first(), screening_);
  answer_rows_.reset(head_rows);
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
    profile_->barriers += team_.barriers() - barriers;
    if (screening_) {
      profile_->screened_panels += static_cast<uint64_t>(screened_head_.panels());
      profile_->surviving_panels += static_cast<uint64_t>(screened_head_.survivors());
    }
  }
  finish_answers();
  const size_t rows = at(rows_);
  return model::StepResult{std::span(argmax_).first(rows), std::span(row_logits_).first(rows),
                           std::span(row_hidden_).first(rows)};
}

void CpuExecutor::finish_answers() {
  for (size_t i = 0; i < answers_.size(); ++i) {
    if (head_index_[i] != kNotOfHead) continue;
    row_hidden_[at(answers_[i])] = {hidden_.row(static_cast<int32_t>(i)), at(config_.hidden)};
  }
  // The winner of each row: the lowest id among the greatest logits.
  for (size_t i = 0; i < head_rows_.size(); ++i) {
    const size_t row = at(head_rows_[i]);
    if (batch_->outputs[row] == model::RowOutput::kLogits) {
      row_logits_[row] = {logits_.row(static_cast<int32_t>(i)), at(config_.vocabulary)};
      continue;
    }
    Winner best = winners_[i];
    for (int worker = 1; worker < team_.size(); ++worker) {
      best.meet(winners_[at(worker) * head_rows_.size() + i]);
    }
    argmax_[row] = best.token;
  }
}

void CpuExecutor::gather_answers() {
  answers_.clear();
  head_rows_.clear();
  head_index_.clear();
  for (int32_t row = 0; row < rows_; ++row) {
    argmax_[at(row)] = kNoToken;
    row_logits_[at(row)] = row_hidden_[at(row)] = {};
    const model::RowOutput output = batch_->outputs[at(row)];
    if (output == model::RowOutput::kNone) continue;
    answers_.push_back(row);
    const bool of_head = output != model::RowOutput::kHidden;
    head_index_.push_back(of_head ? static_cast<int32_t>(head_rows_.size()) : kNotOfHead);
    if (of_head) head_rows_.push_back(row);
  }
}

bool CpuExecutor::asks_for_winners_only() const {
  return std::ranges::all_of(
      head_rows_, [&](int32_t row) { return batch_->outputs[at(row)] == model::RowOutput::kArgmax; });
}

void CpuExecutor::finish_part(int worker, StepPart part) {
  team_.barrier();
  if (!profile_ || worker != 0) return;
  const auto now = std::chrono::steady_clock::now();
  profile_->time[static_cast<size_t>(part)] += now - part_began_;
  part_began_ = now;
}

template <class Body>
void CpuExecutor::for_rows(int worker, int32_t count, Body&& body) const {
  const hardware::Share rows = alone_ ? hardware::Share{0, count} : share(count, worker);
  for (int64_t row = rows.begin; row < rows.end; ++row)
    body(static_cast<int32_t>(row), !alone_ || worker == 0);
}

void CpuExecutor::project(int worker, int32_t layer, QuantizedRows& input,
                          std::initializer_list<Output> outputs, bool add, StepPart part) {
  const bool some_rows = answers_only(layer, outputs.begin()->product);
  if (low_rank_.active()) {
    for (const Output& out : outputs)
      low_rank_.reduce(worker, layer, out.product, input, reading_order_, some_rows);
    if (low_rank_.shared()) finish_part(worker, part);
  }
  for (const Output& out : outputs) {
    base_rows_.multiply(worker, layer, out.product, input, reading_order_, out.rows.data.data(),
                        out.rows.stride, add, some_rows);
  }
  if (!low_rank_.active()) return;
  for (const Output& out : outputs) {
    low_rank_.expand(worker, layer, out.product, out.rows.data.data(), out.rows.stride, reading_order_,
                     some_rows);
  }
}

void CpuExecutor::normalise(int worker, int32_t row, const float* stream, const model::Vector& norm,
                            QuantizedRows& out, int32_t index) {
  float* normed = scratch(team_.size() + worker);
  kernels_.rms_norm(stream, norm.data(), config_.norm_epsilon, normed, config_.hidden);
  out.set(kernels_, index, 0, normed, config_.hidden, two_planes(row));
}

void CpuExecutor::embed(int worker) {
  const model::Matrix& embedding = model_->weights.token_embedding;
  if (alone_) normed(worker).reset(rows_);
  for_rows(worker, rows_, [&](int32_t row, bool keep) {
    float* x = keep ? stream(0).row(row) : scratch(worker);
    quant::decode(embedding.type, embedding.row(batch_->tokens[at(row)]), {x, at(config_.hidden)});
    if (config_.embedding_scale != 1.0f) kernels_.scale(x, config_.embedding_scale, x, config_.hidden);
    normalise(worker, row, x, model_->weights.layers.front().attention_norm, normed(worker), row);
  });
  if (!alone_) finish_part(worker, StepPart::kEmbed);
}

void CpuExecutor::feed_forward_block(int worker, int32_t layer) {
  const int32_t rows = rows_after_keys(layer);
  if (worker == 0 && layer + 1 < config_.layers) attended_rows_.reset(rows_after_keys(layer + 1));
  project(worker, layer, normed(worker), {{Product::kGate, gate_}, {Product::kUp, up_}}, false,
          StepPart::kGateUp);
  const hardware::Share panels = reading_order_.panels(worker, Product::kGate);
  const auto begin = static_cast<int32_t>(panels.begin) * quant::kPanelRows;
  const int32_t end = std::min(static_cast<int32_t>(panels.end) * quant::kPanelRows, config_.feed_forward);
  const auto activate =
      config_.activation == model::Activation::kSilu ? kernels_.silu_multiply : kernels_.gelu_multiply;
  for (int32_t row = 0; row < rows && begin < end; ++row) {
    float* gate = gate_.row(row) + begin;
    activate(gate, up_.row(row) + begin, gate, end - begin);
    hidden_rows_.set(kernels_, row, begin, gate, end - begin, two_planes(batch_row(layer, row)));
  }
  finish_part(worker, StepPart::kGateUp);

  if (worker == 0) normed_rows_.reset(rows_);
  FloatRows& sum = config_.post_norms ? block_output_ : stream(0);
  project(worker, layer, hidden_rows_, {{Product::kDown, sum}}, !config_.post_norms, StepPart::kDown);
  finish_part(worker, StepPart::kDown);
  if (layer + 1 < config_.layers) finish_block(worker, 2 * layer + 1);
}

const float* CpuExecutor::stream_after(int worker, int32_t block, int32_t row, bool keep) {
  if (!config_.post_norms) return stream(block).row(row);
  const model::LayerWeights& vectors = model_->weights.layers[at(block / 2)];
  const model::Vector& post_norm =
      block % 2 == 0 ? vectors.post_attention_norm : vectors.post_feed_forward_norm;
  float* sum = keep ? stream(block + 1).row(row) : scratch(worker);
  kernels_.rms_norm(block_output_.row(row), post_norm.data(), config_.norm_epsilon, sum, config_.hidden);
  kernels_.add(stream(block).row(row), sum, config_.hidden);
  return sum;
}

// Prepares the input of the next block.
void CpuExecutor::finish_block(int worker, int32_t block) {
  const model::Vector& next_norm = block % 2 == 0 ? model_->weights.layers[at(block / 2)].feed_forward_norm
                                                  : model_->weights.layers[at(block / 2 + 1)].attention_norm;
  const int32_t layer = block / 2;
  const int32_t rows = block % 2 == 0 ? rows_after_keys(layer) : rows_;
  if (alone_) normed(worker).reset(rows);
  for_rows(worker, rows, [&](int32_t index, bool keep) {
    normalise(worker, block % 2 == 0 ? batch_row(layer, index) : index,
              stream_after(worker, block, index, keep), next_norm, normed(worker), index);
  });
  if (!alone_) finish_part(worker, StepPart::kNorm);
}

void CpuExecutor::answer(int worker) {
  const model::Vector& norm = model_->weights.output_norm;
  const hardware::Share mine = share(static_cast<int64_t>(answers_.size()), worker);
  for (int64_t index = mine.begin; index < mine.end; ++index) {
    const auto row = static_cast<int32_t>(index);
    const float* stream = stream_after(worker, 2 * config_.layers - 1, row, false);
    const int32_t head_row = head_index_[at(row)];
    if (head_row == kNotOfHead) {
      kernels_.rms_norm(stream, norm.data(), config_.norm_epsilon, hidden_.row(row), config_.hidden);
      continue;
    }
    normalise(worker, answers_[at(row)], stream, norm, answer_rows_, head_row);
    if (screening_) screened_head_.set(head_row, answer_rows_);
  }
  finish_part(worker, StepPart::kNorm);
  if (head_rows_.empty()) return;
  if (screening_) {
    screened_head_.look(kernels_, worker, answer_rows_, logits_.data.data(), logits_.stride);
    team_.barrier();
    screened_head_.decide(kernels_, worker, answer_rows_, logits_.data.data(), logits_.stride,
                          std::span(winners_).subspan(at(worker) * head_rows_.size(), head_rows_.size()));
    finish_part(worker, StepPart::kHead);
    return;
  }
  const hardware::Share panels = reading_order_.head_panels(worker);
  answer_rows_.multiply(kernels_, worker, weights_.output, panels, logits_.data.data(), logits_.stride, false,
                        reading_order_.after_head(worker));
  const auto begin = static_cast<int32_t>(panels.begin) * quant::kPanelRows;
  const int32_t end = std::min(static_cast<int32_t>(panels.end) * quant::kPanelRows, config_.vocabulary);
  for (int32_t index = 0; index < static_cast<int32_t>(head_rows_.size()); ++index) {
    Winner& winner = winners_[at(worker) * head_rows_.size() + at(index)];
    winner = {-std::numeric_limits<float>::infinity(), 0};
    if (begin >= end) continue;
    const float* logits = logits_.row(index) + begin;
    const int best = kernels_.argmax(logits, end - begin);
    winner = {std::isnan(logits[best]) ? -std::numeric_limits<float>::infinity() : logits[best],
              begin + best};
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
  if (!options.merged_into.empty() && options.merged_into.size() != options.adapters.size()) {
    return fail(ErrorCode::kInvalidArgument, "merged_into is of {} adapters, there are {}",
                options.merged_into.size(), options.adapters.size());
  }
  const int32_t head_size = model->config.head_size;
  if (head_size % kernels::kLanes != 0 || head_size > kMaxHeadSize) {
    return fail(ErrorCode::kUnsupported,
                "attention heads of {} values: the cpu executor needs a multiple of {} up to {}; --executor "
                "float computes any",
                head_size, kernels::kLanes, kMaxHeadSize);
  }
  try {
    std::vector<PackedAdapter> adapters;
    for (size_t i = 0; i < options.adapters.size(); ++i) {
      const model::Adapter& adapter = *options.adapters[i];
      const auto type = options.merged_into.empty() ? std::nullopt : options.merged_into[i];
      auto packed = type ? merge_adapter(*model, adapter, *type, team, options.packed_cache)
                         : pack_adapter(adapter, team);
      if (!packed) return pass_on(packed);
      adapters.push_back(std::move(*packed));
    }
    return std::make_unique<CpuExecutor>(std::move(model), team, **kernels, std::move(adapters), options);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kBusy,
                "not enough memory for the model's packed weights and a KV cache of {} tokens",
                options.kv_tokens);
  }
}

}  // namespace riposte::executor
