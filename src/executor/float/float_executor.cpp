#include "executor/float/float_executor.h"

#include <algorithm>

#include "quant/decode.h"

namespace riposte::executor {
namespace {

model::ExecutorLimits limits_of(const model::ModelConfig& config, const ExecutorOptions& options) {
  return {.page_size = kPageTokens,
          .pages = (options.kv_tokens - 1) / kPageTokens + 1,
          .max_rows = options.max_rows,
          .max_logit_rows = std::min(options.max_logit_rows, options.max_rows),
          .vocabulary = config.vocabulary,
          .context_length = config.context_length,
          .hidden = config.hidden,
          .adapters = static_cast<int32_t>(options.adapters.size())};
}

std::vector<FloatAdapter> decode_adapters(const ExecutorOptions& options, hardware::ThreadTeam& team) {
  std::vector<FloatAdapter> decoded;
  for (const auto& adapter : options.adapters) decoded.push_back(decode_adapter(*adapter, team));
  return decoded;
}

int32_t highest_rank(const std::vector<FloatAdapter>& adapters) {
  int32_t highest = 0;
  for (const FloatAdapter& adapter : adapters) {
    for (const auto& layer : adapter) {
      for (const FloatLowRank& pair : layer) highest = std::max(highest, pair.a.rows);
    }
  }
  return highest;
}

AlignedBuffer<float> rows_of(int32_t rows, int32_t width) {
  return AlignedBuffer<float>(static_cast<size_t>(rows) * static_cast<size_t>(width));
}

}  // namespace

FloatExecutor::FloatExecutor(std::shared_ptr<const model::Model> model, hardware::ThreadTeam& team,
                             const ExecutorOptions& options)
    : model_(std::move(model)),
      config_(model_->config),
      team_(team),
      limits_(limits_of(config_, options)),
      query_width_(config_.heads * config_.head_size),
      kv_width_(config_.kv_heads * config_.head_size),
      validator_(limits_),
      weights_(decode_weights(model_->weights, team)),
      adapters_(decode_adapters(options, team)),
      kv_(config_.layers, limits_.pages, kv_width_),
      rope_full_(config_, false, model_->weights.rope_factors),
      rope_local_(config_, true, model_->weights.rope_factors),
      residual_(rows_of(limits_.max_rows, config_.hidden)),
      normed_(rows_of(limits_.max_rows, config_.hidden)),
      block_output_(rows_of(limits_.max_rows, config_.hidden)),
      query_(rows_of(limits_.max_rows, query_width_)),
      key_(rows_of(limits_.max_rows, kv_width_)),
      value_(rows_of(limits_.max_rows, kv_width_)),
      attended_(rows_of(limits_.max_rows, query_width_)),
      gate_(rows_of(limits_.max_rows, config_.feed_forward)),
      up_(rows_of(limits_.max_rows, config_.feed_forward)),
      angles_full_(rows_of(limits_.max_rows, config_.head_size)),
      angles_local_(rows_of(limits_.max_rows, config_.head_size)),
      low_rank_(rows_of(team.size(), highest_rank(adapters_))),
      scores_(rows_of(team.size(), config_.context_length)),
      logits_(rows_of(limits_.max_logit_rows, config_.vocabulary)),
      argmax_(static_cast<size_t>(limits_.max_rows)),
      row_logits_(static_cast<size_t>(limits_.max_rows)),
      hidden_(rows_of(limits_.max_rows, config_.hidden)),
      row_hidden_(static_cast<size_t>(limits_.max_rows)) {}

Result<model::StepResult> FloatExecutor::step(const model::StepBatch& batch) {
  if (const Result<void> valid = validator_.check(batch); !valid) return pass_on(valid);
  rows_ = static_cast<int32_t>(batch.tokens.size());
  embed(batch);
  for (int32_t layer = 0; layer < config_.layers; ++layer) {
    attention_block(batch, layer);
    feed_forward_block(batch, layer);
  }
  return answer(batch);
}

// body(worker, item) for all items, spread over the team.
template <class Body>
void FloatExecutor::share(int64_t count, Body&& body) {
  team_.run([&](int worker) {
    const hardware::Share part = hardware::share_of(count, worker, team_.size());
    for (int64_t item = part.begin; item < part.end; ++item) body(worker, static_cast<int32_t>(item));
  });
}

void FloatExecutor::product(const FloatMatrix& weights, const AlignedBuffer<float>& x,
                            AlignedBuffer<float>& out) {
  team_.run([&](int worker) {
    const hardware::Share part = hardware::share_of(weights.rows, worker, team_.size());
    multiply(weights, x.data(), rows_, part.begin, part.end, out.data());
  });
}

void FloatExecutor::adapt(const model::StepBatch& batch, int32_t layer, model::Product product,
                          const AlignedBuffer<float>& x, AlignedBuffer<float>& out) {
  if (batch.adapters.empty()) return;
  share(rows_, [&](int worker, int32_t row) {
    const auto sequence = static_cast<size_t>(batch.sequences[static_cast<size_t>(row)]);
    const model::AdapterId adapter = batch.adapters[sequence];
    if (adapter == model::kNoAdapter) return;
    const FloatLowRank& pair = adapters_[static_cast<size_t>(adapter) - 1][static_cast<size_t>(layer)]
                                        [static_cast<size_t>(product)];
    if (pair.empty()) return;
    float* low = low_rank_.data() + static_cast<size_t>(worker) * (low_rank_.size() / static_cast<size_t>(team_.size()));
    multiply(pair.a, x.data() + int64_t{row} * pair.a.columns, 1, 0, pair.a.rows, low);
    float* sum = out.data() + int64_t{row} * pair.b.rows;
    for (int32_t index = 0; index < pair.b.rows; ++index)
      sum[index] += pair.scale * dot(pair.b.row(index), low, pair.b.columns);
  });
}

std::span<float> FloatExecutor::row_of(AlignedBuffer<float>& rows, int32_t row, int32_t width) const {
  return rows.span().subspan(static_cast<size_t>(row) * static_cast<size_t>(width),
                             static_cast<size_t>(width));
}

void FloatExecutor::embed(const model::StepBatch& batch) {
  const model::Matrix& embedding = model_->weights.token_embedding;
  share(rows_, [&](int, int32_t row) {
    const std::span<float> x = row_of(residual_, row, config_.hidden);
    quant::decode(embedding.type, embedding.row(batch.tokens[static_cast<size_t>(row)]), x);
    for (float& value : x) value *= config_.embedding_scale;
    const int32_t position = batch.positions[static_cast<size_t>(row)];
    rope_full_.angles(position, row_of(angles_full_, row, config_.head_size).data());
    rope_local_.angles(position, row_of(angles_local_, row, config_.head_size).data());
  });
}

void FloatExecutor::attention_block(const model::StepBatch& batch, int32_t layer) {
  const model::LayerWeights& vectors = model_->weights.layers[static_cast<size_t>(layer)];
  const FloatLayer& matrices = weights_.layers[static_cast<size_t>(layer)];
  normalise_rows(residual_, vectors.attention_norm, normed_);
  product(matrices.query, normed_, query_);
  product(matrices.key, normed_, key_);
  product(matrices.value, normed_, value_);
  adapt(batch, layer, model::Product::kQuery, normed_, query_);
  adapt(batch, layer, model::Product::kKey, normed_, key_);
  adapt(batch, layer, model::Product::kValue, normed_, value_);
  share(rows_, [&](int, int32_t row) { place_row(batch, layer, row); });
  share(int64_t{rows_} * config_.heads, [&](int worker, int32_t item) {
    attend(batch, layer, item / config_.heads, item % config_.heads,
           row_of(scores_, worker, config_.context_length).data());
  });
  product(matrices.attention_output, attended_, block_output_);
  adapt(batch, layer, model::Product::kAttentionOutput, attended_, block_output_);
  add_to_residual(vectors.post_attention_norm);
}

void FloatExecutor::place_row(const model::StepBatch& batch, int32_t layer, int32_t row) {
  const model::LayerWeights& vectors = model_->weights.layers[static_cast<size_t>(layer)];
  const std::span<float> query = row_of(query_, row, query_width_);
  const std::span<float> key = row_of(key_, row, kv_width_);
  const std::span<float> value = row_of(value_, row, kv_width_);
  if (config_.qkv_bias) {
    add(query, vectors.query_bias.data());
    add(key, vectors.key_bias.data());
    add(value, vectors.value_bias.data());
  }
  AlignedBuffer<float>& angles = config_.is_local(layer) ? angles_local_ : angles_full_;
  const float* turn = row_of(angles, row, config_.head_size).data();
  const auto prepare = [&](std::span<float> heads, const model::Vector& norm) {
    const auto head_size = static_cast<size_t>(config_.head_size);
    for (size_t begin = 0; begin < heads.size(); begin += head_size) {
      const std::span<float> head = heads.subspan(begin, head_size);
      if (config_.qk_norm) rms_norm(head, norm, config_.norm_epsilon, head.data());
      rotate(config_.rope_pairs, turn, head);
    }
  };
  prepare(query, vectors.query_norm);
  prepare(key, vectors.key_norm);

  const int32_t position = batch.positions[static_cast<size_t>(row)];
  const auto store = [&](int32_t sequence) {
    const auto table = batch.page_tables[static_cast<size_t>(sequence)];
    std::copy(key.begin(), key.end(), kv_.key(layer, table, position));
    std::copy(value.begin(), value.end(), kv_.value(layer, table, position));
  };
  store(batch.sequences[static_cast<size_t>(row)]);
  if (batch.also_in.empty()) return;
  for (const int32_t sequence : batch.also_in[static_cast<size_t>(row)]) store(sequence);
}

void FloatExecutor::attend(const model::StepBatch& batch, int32_t layer, int32_t row, int32_t head,
                           float* scores) {
  const int32_t size = config_.head_size;
  const int32_t position = batch.positions[static_cast<size_t>(row)];
  const auto table = batch.page_tables[static_cast<size_t>(batch.sequences[static_cast<size_t>(row)])];
  const int32_t first = config_.is_local(layer) ? std::max(0, position - config_.sliding_window + 1) : 0;
  const int32_t kv_offset =
      head / (config_.heads / config_.kv_heads) * size;  // heads share keys in equal groups

  const float* query = row_of(query_, row, query_width_).data() + head * size;
  for (int32_t p = first; p <= position; ++p) {
    scores[p - first] = dot(query, kv_.key(layer, table, p) + kv_offset, size) * config_.attention_scale;
  }
  softmax({scores, static_cast<size_t>(position - first + 1)});
  const std::span<float> out = row_of(attended_, row, query_width_)
                                   .subspan(static_cast<size_t>(head * size), static_cast<size_t>(size));
  std::fill(out.begin(), out.end(), 0.0f);
  for (int32_t p = first; p <= position; ++p) {
    add_scaled(scores[p - first], kv_.value(layer, table, p) + kv_offset, out);
  }
}

void FloatExecutor::feed_forward_block(const model::StepBatch& batch, int32_t layer) {
  const model::LayerWeights& vectors = model_->weights.layers[static_cast<size_t>(layer)];
  const FloatLayer& matrices = weights_.layers[static_cast<size_t>(layer)];
  normalise_rows(residual_, vectors.feed_forward_norm, normed_);
  product(matrices.gate, normed_, gate_);
  product(matrices.up, normed_, up_);
  adapt(batch, layer, model::Product::kGate, normed_, gate_);
  adapt(batch, layer, model::Product::kUp, normed_, up_);
  share(rows_, [&](int, int32_t row) {
    const std::span<float> gate = row_of(gate_, row, config_.feed_forward);
    const float* up = row_of(up_, row, config_.feed_forward).data();
    if (config_.activation == model::Activation::kSilu) {
      silu_times(gate, up);
    } else {
      gelu_tanh_times(gate, up);
    }
  });
  product(matrices.down, gate_, block_output_);
  adapt(batch, layer, model::Product::kDown, gate_, block_output_);
  add_to_residual(vectors.post_feed_forward_norm);
}

void FloatExecutor::normalise_rows(const AlignedBuffer<float>& from, std::span<const float> weight,
                                   AlignedBuffer<float>& to) {
  const auto hidden = static_cast<size_t>(config_.hidden);
  share(rows_, [&](int, int32_t row) {
    const size_t offset = static_cast<size_t>(row) * hidden;
    rms_norm({from.data() + offset, hidden}, weight, config_.norm_epsilon, to.data() + offset);
  });
}

void FloatExecutor::add_to_residual(std::span<const float> post_norm) {
  if (config_.post_norms) normalise_rows(block_output_, post_norm, block_output_);
  share(rows_, [&](int, int32_t row) {
    add(row_of(residual_, row, config_.hidden), row_of(block_output_, row, config_.hidden).data());
  });
}

model::StepResult FloatExecutor::answer(const model::StepBatch& batch) {
  // The rows that answer are gathered, so that all of them share one pass over the output matrix.
  const int32_t batch_rows = rows_;
  const auto hidden = static_cast<size_t>(config_.hidden);
  int32_t answers = 0;
  for (int32_t row = 0; row < batch_rows; ++row) {
    const auto index = static_cast<size_t>(row);
    argmax_[index] = kNoToken;
    row_logits_[index] = row_hidden_[index] = {};
    if (batch.outputs[index] == model::RowOutput::kNone) continue;
    const bool is_hidden = batch.outputs[index] == model::RowOutput::kHidden;
    const std::span<float> normed = is_hidden ? row_of(hidden_, row, config_.hidden) : row_of(normed_, answers, config_.hidden);
    rms_norm({residual_.data() + index * hidden, hidden}, model_->weights.output_norm, config_.norm_epsilon,
             normed.data());
    if (is_hidden) {
      row_hidden_[index] = normed;
      continue;
    }
    row_logits_[index] = row_of(logits_, answers, config_.vocabulary);
    ++answers;
  }
  rows_ = answers;
  if (answers > 0) product(weights_.output, normed_, logits_);
  share(batch_rows, [&](int, int32_t row) {
    const auto index = static_cast<size_t>(row);
    if (batch.outputs[index] != model::RowOutput::kArgmax) return;
    argmax_[index] = argmax(row_logits_[index]);
    row_logits_[index] = {};
  });
  return {std::span(argmax_).first(static_cast<size_t>(batch_rows)),
          std::span(row_logits_).first(static_cast<size_t>(batch_rows)),
          std::span(row_hidden_).first(static_cast<size_t>(batch_rows))};
}

Result<std::unique_ptr<model::Executor>> make_float_executor(std::shared_ptr<const model::Model> model,
                                                             hardware::ThreadTeam& team,
                                                             const ExecutorOptions& options) {
  if (options.kv_tokens < 1 || options.max_rows < 1 || options.max_logit_rows < 1) {
    return fail(
        ErrorCode::kInvalidArgument,
        "an executor needs at least 1 token of KV memory, 1 row and 1 answer a step; asked for {}, {} and {}",
        options.kv_tokens, options.max_rows, options.max_logit_rows);
  }
  try {
    return std::make_unique<FloatExecutor>(std::move(model), team, options);
  } catch (const std::bad_alloc&) {
    return fail(
        ErrorCode::kTooLarge,
        "there is no memory for the model's weights as float32 and a KV memory of {} tokens; use a smaller "
        "model, fewer tokens, or the cpu executor",
        options.kv_tokens);
  }
}

}  // namespace riposte::executor
