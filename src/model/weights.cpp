#include "model/weights.h"

#include <set>

#include "quant/decode.h"

namespace riposte::model {
namespace {

size_t bytes_of(gguf::TensorType type, int32_t columns) {
  const gguf::BlockShape block = gguf::block_shape(type);
  return static_cast<size_t>(columns) / block.elements * block.bytes;
}

std::string shape_text(const gguf::Tensor& tensor) {
  return fmt::format("[{}]", fmt::join(tensor.shape, ", "));
}

// Finds tensors by name and shape, and remembers the first error and which of them had a use.
class TensorReader {
 public:
  explicit TensorReader(const gguf::File& file) : file_(file) {}

  bool has(std::string_view name) const { return file_.find_tensor(name) != nullptr; }

  Matrix matrix(const std::string& name, int64_t rows, int64_t columns) {
    const gguf::Tensor* tensor = find(name);
    if (!tensor) return {};
    if (tensor->shape.size() != 2 || tensor->columns() != static_cast<uint64_t>(columns) ||
        tensor->rows() != static_cast<uint64_t>(rows)) {
      remember(name, fmt::format("has the shape {}, but the model's configuration makes it [{}, {}]",
                                 shape_text(*tensor), columns, rows));
      return {};
    }
    return {tensor->type, static_cast<int32_t>(rows), static_cast<int32_t>(columns), tensor->data};
  }

  Vector vector(const std::string& name, int64_t size) {
    const gguf::Tensor* tensor = find(name);
    if (!tensor) return {};
    if (tensor->columns() != static_cast<uint64_t>(size) || tensor->rows() != 1) {
      remember(name, fmt::format("has the shape {}, but the model's configuration makes it [{}]",
                                 shape_text(*tensor), size));
      return {};
    }
    Vector values(static_cast<size_t>(size));
    quant::decode(tensor->type, tensor->data, values);
    return values;
  }

  // A bias that nobody asked for would change every answer; other extra tensors are somebody else's data.
  void refuse_unused_biases() {
    for (const gguf::Tensor& tensor : file_.tensors()) {
      if (tensor.name.ends_with(".bias") && !used_.contains(tensor.name) && result_) {
        result_ = fail(ErrorCode::kUnsupported,
                       "the tensor '{}' is a bias that Riposte does not add in this "
                       "architecture, so its answers would be wrong",
                       tensor.name);
      }
    }
  }

  const Result<bool>& result() const { return result_; }

 private:
  const gguf::Tensor* find(const std::string& name) {
    const gguf::Tensor* tensor = file_.find_tensor(name);
    if (tensor) {
      used_.insert(tensor->name);
    } else {
      remember(name, "is missing");
    }
    return tensor;
  }
  void remember(std::string_view name, std::string_view problem) {
    if (result_)
      result_ = fail(ErrorCode::kCorrupt, "the tensor '{}' {}; the file holds no whole model", name, problem);
  }

  const gguf::File& file_;
  std::set<std::string_view> used_;
  Result<bool> result_ = true;
};

LayerWeights read_layer(TensorReader& tensors, const ModelConfig& config, int32_t index) {
  const auto name = [&](std::string_view role) { return fmt::format("blk.{}.{}", index, role); };
  const int64_t query_width = int64_t{config.heads} * config.head_size;
  const int64_t kv_width = int64_t{config.kv_heads} * config.head_size;
  LayerWeights layer;
  layer.attention_norm = tensors.vector(name("attn_norm.weight"), config.hidden);
  layer.query = tensors.matrix(name("attn_q.weight"), query_width, config.hidden);
  layer.key = tensors.matrix(name("attn_k.weight"), kv_width, config.hidden);
  layer.value = tensors.matrix(name("attn_v.weight"), kv_width, config.hidden);
  if (config.qkv_bias) {
    layer.query_bias = tensors.vector(name("attn_q.bias"), query_width);
    layer.key_bias = tensors.vector(name("attn_k.bias"), kv_width);
    layer.value_bias = tensors.vector(name("attn_v.bias"), kv_width);
  }
  if (config.qk_norm) {
    layer.query_norm = tensors.vector(name("attn_q_norm.weight"), config.head_size);
    layer.key_norm = tensors.vector(name("attn_k_norm.weight"), config.head_size);
  }
  layer.attention_output = tensors.matrix(name("attn_output.weight"), config.hidden, query_width);
  layer.feed_forward_norm = tensors.vector(name("ffn_norm.weight"), config.hidden);
  layer.gate = tensors.matrix(name("ffn_gate.weight"), config.feed_forward, config.hidden);
  layer.up = tensors.matrix(name("ffn_up.weight"), config.feed_forward, config.hidden);
  layer.down = tensors.matrix(name("ffn_down.weight"), config.hidden, config.feed_forward);
  if (config.post_norms) {
    layer.post_attention_norm = tensors.vector(name("post_attention_norm.weight"), config.hidden);
    layer.post_feed_forward_norm = tensors.vector(name("post_ffw_norm.weight"), config.hidden);
  }
  return layer;
}

}  // namespace

size_t Matrix::row_bytes() const {
  return bytes_of(type, columns);
}

std::span<const std::byte> Matrix::row(int32_t index) const {
  return data.subspan(static_cast<size_t>(index) * row_bytes(), row_bytes());
}

Result<Weights> read_weights(const gguf::File& file, const ModelConfig& config) {
  TensorReader tensors(file);
  Weights weights;
  weights.token_embedding = tensors.matrix("token_embd.weight", config.vocabulary, config.hidden);
  weights.output_norm = tensors.vector("output_norm.weight", config.hidden);
  weights.output = tensors.has("output.weight")
                       ? tensors.matrix("output.weight", config.vocabulary, config.hidden)
                       : weights.token_embedding;
  if (tensors.has("rope_freqs.weight")) {
    weights.rope_factors = tensors.vector("rope_freqs.weight", config.head_size / 2);
    for (const float factor : weights.rope_factors) {
      if (!(factor > 0.0f && factor < 1e9f)) {
        return fail(ErrorCode::kCorrupt,
                    "'rope_freqs.weight' holds {}, but its factors must be positive; the file is "
                    "damaged",
                    factor);
      }
    }
  }
  weights.layers.reserve(static_cast<size_t>(config.layers));
  for (int32_t index = 0; index < config.layers && tensors.result(); ++index) {
    weights.layers.push_back(read_layer(tensors, config, index));
  }
  tensors.refuse_unused_biases();
  if (!tensors.result()) return pass_on(tensors.result());
  return weights;
}

}  // namespace riposte::model
