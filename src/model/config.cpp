#include "model/config.h"

#include <cmath>

#include "model/architecture.h"

namespace riposte::model {
namespace {

// Far beyond any model, and small enough that products of a few sizes fit into 64 bits.
constexpr int64_t kMaxLayers = 1024;
constexpr int64_t kMaxHidden = 1 << 17;
constexpr int64_t kMaxHeads = 4096;
constexpr int64_t kMaxHeadSize = 4096;
constexpr int64_t kMaxQueryWidth = 1 << 20;
constexpr int64_t kMaxFeedForward = 1 << 20;
constexpr int64_t kMaxVocabulary = 1 << 24;
constexpr int64_t kMaxContext = 1 << 26;

// Reads the keys of one architecture and remembers the first error, so that a configuration reads as a list.
class KeyReader {
 public:
  KeyReader(const gguf::File& file, std::string_view prefix) : file_(file), prefix_(prefix) {}

  std::string key(std::string_view name) const { return fmt::format("{}.{}", prefix_, name); }
  bool has(std::string_view name) const { return file_.find(key(name)) != nullptr; }

  int32_t integer(std::string_view name, int64_t minimum, int64_t maximum) {
    const Result<int64_t> value = file_.get_int(key(name));
    if (!value) return remember(value.error());
    if (*value < minimum || *value > maximum) {
      return remember(
          {ErrorCode::kCorrupt, fmt::format("'{}' is {}, but must lie in {} to {}; the file is damaged",
                                            key(name), *value, minimum, maximum)});
    }
    return static_cast<int32_t>(*value);
  }
  int32_t integer_or(std::string_view name, int64_t minimum, int64_t maximum, int32_t otherwise) {
    return has(name) ? integer(name, minimum, maximum) : otherwise;
  }

  double number(std::string_view name, double minimum, double maximum) {
    const Result<double> value = file_.get_float(key(name));
    if (!value) return remember(value.error());
    if (!(*value >= minimum && *value <= maximum)) {  // so written that NaN fails
      return remember(
          {ErrorCode::kCorrupt, fmt::format("'{}' is {}, but must lie in {} to {}; the file is damaged",
                                            key(name), *value, minimum, maximum)});
    }
    return *value;
  }
  double number_or(std::string_view name, double minimum, double maximum, double otherwise) {
    return has(name) ? number(name, minimum, maximum) : otherwise;
  }

  std::string_view string_or(std::string_view name, std::string_view otherwise) {
    if (!has(name)) return otherwise;
    const Result<std::string_view> value = file_.get_string(key(name));
    if (value) return *value;
    remember(value.error());
    return otherwise;
  }

  int remember(Error error) {
    if (result_) result_ = tl::unexpected<Error>(std::move(error));
    return 0;
  }
  bool ok() const { return result_.has_value(); }
  const Result<bool>& result() const { return result_; }

 private:
  const gguf::File& file_;
  std::string_view prefix_;
  Result<bool> result_ = true;
};

void read_sizes(const gguf::File& file, KeyReader& keys, ModelConfig& config) {
  config.layers = keys.integer("block_count", 1, kMaxLayers);
  config.hidden = keys.integer("embedding_length", 1, kMaxHidden);
  config.feed_forward = keys.integer("feed_forward_length", 1, kMaxFeedForward);
  config.context_length = keys.integer("context_length", 1, kMaxContext);
  config.heads = keys.integer("attention.head_count", 1, kMaxHeads);
  config.kv_heads = keys.integer_or("attention.head_count_kv", 1, kMaxHeads, config.heads);
  if (!keys.ok()) return;
  if (config.heads % config.kv_heads != 0) {
    keys.remember(
        {ErrorCode::kCorrupt, fmt::format("'{}' is {}, which '{}' ({}) does not divide; the file is damaged",
                                          keys.key("attention.head_count"), config.heads,
                                          keys.key("attention.head_count_kv"), config.kv_heads)});
    return;
  }

  // The vocabulary is what the embedding has rows for; the tokeniser may name fewer, never more.
  const gguf::Tensor* embedding = file.find_tensor("token_embd.weight");
  if (!embedding) {
    keys.remember(
        {ErrorCode::kCorrupt, "the tensor 'token_embd.weight' is missing; the file holds no whole model"});
  } else if (embedding->rows() > static_cast<uint64_t>(kMaxVocabulary)) {
    keys.remember(
        {ErrorCode::kCorrupt, fmt::format("'token_embd.weight' has {} rows, more than the {} tokens that a "
                                          "vocabulary may have; the file is damaged",
                                          embedding->rows(), kMaxVocabulary)});
  } else {
    config.vocabulary = static_cast<int32_t>(embedding->rows());
  }
}

void read_head_size(KeyReader& keys, ModelConfig& config) {
  if (!keys.has("attention.key_length") && config.hidden % config.heads != 0) {
    keys.remember({ErrorCode::kCorrupt,
                   fmt::format("'{}' ({}) is no multiple of '{}' ({}), and '{}' is missing",
                               keys.key("embedding_length"), config.hidden, keys.key("attention.head_count"),
                               config.heads, keys.key("attention.key_length"))});
    return;
  }
  config.head_size = keys.integer_or("attention.key_length", 2, kMaxHeadSize, config.hidden / config.heads);
  const int32_t value_size = keys.integer_or("attention.value_length", 2, kMaxHeadSize, config.head_size);
  const int32_t rotated = keys.integer_or("rope.dimension_count", 0, kMaxHeadSize, config.head_size);
  if (!keys.ok()) return;
  if (config.head_size % 2 != 0 || config.head_size > kMaxHeadSize ||
      int64_t{config.head_size} * config.heads > kMaxQueryWidth) {
    keys.remember(
        {ErrorCode::kCorrupt, fmt::format("{} heads of {} elements: a head must have an even number of at "
                                          "most {}, all together at most {}; the file is damaged",
                                          config.heads, config.head_size, kMaxHeadSize, kMaxQueryWidth)});
  } else if (value_size != config.head_size) {
    keys.remember(
        {ErrorCode::kUnsupported, fmt::format("heads with keys of {} and values of {} elements; Riposte "
                                              "runs models in which both are equal",
                                              config.head_size, value_size)});
  } else if (rotated != config.head_size) {
    keys.remember(
        {ErrorCode::kUnsupported, fmt::format("rotary embeddings over {} of the {} elements of a head; "
                                              "Riposte runs models that rotate them all",
                                              rotated, config.head_size)});
  }
}

void read_rope(KeyReader& keys, ModelConfig& config) {
  constexpr double kMaxBase = 1e15;
  constexpr double kMaxScale = 1e6;
  config.rope_base = keys.number_or("rope.freq_base", 1.0, kMaxBase, 10000.0);
  const std::string_view scaling = keys.string_or("rope.scaling.type", "");
  // Files from before 'rope.scaling' existed say 'rope.scale_linear', and mean linear scaling.
  if (scaling == "linear" || scaling.empty()) {
    const double legacy = keys.number_or("rope.scale_linear", 1.0, kMaxScale, 1.0);
    config.rope_scale =
        scaling.empty() ? legacy : keys.number_or("rope.scaling.factor", 1.0, kMaxScale, legacy);
  } else if (scaling != "none") {
    keys.remember(
        {ErrorCode::kUnsupported,
         fmt::format("the rope scaling '{}' ('{}'); Riposte knows none, linear, and the factors of Llama 3 "
                     "('rope_freqs.weight')",
                     scaling, keys.key("rope.scaling.type"))});
  }
}

void read_local_attention(const Architecture& architecture, KeyReader& keys, ModelConfig& config) {
  if (!architecture.local.present) return;
  config.sliding_window = keys.integer_or("attention.sliding_window", 0, kMaxContext, 0);
  config.full_attention_every = keys.integer_or("attention.sliding_window_pattern", 1, kMaxLayers,
                                                architecture.local.full_attention_every);
  config.rope_base_local = keys.number_or("rope.freq_base_swa", 1.0, 1e15, architecture.local.rope_base);
}

void read_attention_scale(const Architecture& architecture, KeyReader& keys, ModelConfig& config) {
  double divisor = config.head_size;
  if (architecture.layers_scaled_by_width == config.layers) {
    divisor = static_cast<double>(config.hidden) / config.heads;
  }
  // 0 is what some writers put for "not set".
  const double given = keys.number_or("attention.scale", 0.0, 1e6, 0.0);
  config.attention_scale = static_cast<float>(given > 0.0 ? given : 1.0 / std::sqrt(divisor));
}

// Metadata that would change the answer, of models that only resemble a known architecture.
void refuse_what_is_not_computed(KeyReader& keys) {
  if (keys.integer_or("expert_count", 0, INT32_MAX, 0) > 0) {
    keys.remember(
        {ErrorCode::kUnsupported, fmt::format("a mixture of experts ('{}'); Riposte runs dense models only",
                                              keys.key("expert_count"))});
  }
  for (const std::string_view name : {"attn_logit_softcapping", "final_logit_softcapping"}) {
    if (keys.number_or(name, 0.0, 1e9, 0.0) > 0.0) {
      keys.remember(
          {ErrorCode::kUnsupported,
           fmt::format("soft-capped scores ('{}'), which Riposte does not compute", keys.key(name))});
    }
  }
}

}  // namespace

Result<ModelConfig> read_config(const gguf::File& file) {
  const Result<std::string_view> name = file.get_string("general.architecture");
  if (!name) return pass_on(name);
  const Architecture* architecture = find_architecture(*name);
  if (!architecture) {
    return fail(ErrorCode::kUnsupported, "the architecture '{}' is not known; Riposte runs {}", *name,
                supported_architectures());
  }

  ModelConfig config;
  config.architecture = *name;
  if (file.find("general.name")) {
    const Result<std::string_view> title = file.get_string("general.name");
    if (!title) return pass_on(title);
    config.name = *title;
  }

  KeyReader keys(file, architecture->name);
  read_sizes(file, keys, config);
  if (keys.ok()) read_head_size(keys, config);
  if (keys.ok()) {
    config.norm_epsilon = static_cast<float>(keys.number("attention.layer_norm_rms_epsilon", 1e-30, 1.0));
    read_rope(keys, config);
    read_local_attention(*architecture, keys, config);
    read_attention_scale(*architecture, keys, config);
    refuse_what_is_not_computed(keys);
  }
  if (!keys.ok()) return pass_on(keys.result());

  config.rope_pairs = architecture->rope_pairs;
  config.activation = architecture->activation;
  if (architecture->scales_embedding) config.embedding_scale = std::sqrt(static_cast<float>(config.hidden));
  config.qkv_bias = architecture->qkv_bias == Presence::kAlways ||
                    (architecture->qkv_bias == Presence::kOptional && file.find_tensor("blk.0.attn_q.bias"));
  config.qk_norm = architecture->qk_norm;
  config.post_norms = architecture->post_norms;
  return config;
}

std::string supported_architectures() {
  std::string names;
  for (const Architecture& architecture : architectures()) {
    if (!names.empty()) names += ", ";
    names += architecture.name;
  }
  return names;
}

}  // namespace riposte::model
