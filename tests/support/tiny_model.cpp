#include "support/tiny_model.h"

#include <fmt/format.h>

#include <cmath>
#include <deque>
#include <random>
#include <string_view>

#include "base/check.h"
#include "gguf/writer.h"
#include "support/random_tensor.h"
#include "support/tiny_vocabulary.h"

namespace riposte::support {
namespace {

using gguf::TensorType;

constexpr std::string_view kChatMl =
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + "
    "'<|im_end|>' + "
    "'\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
constexpr std::string_view kGemmaTurns =
    "{{ bos_token }}{% for message in messages %}{{ '<start_of_turn>' + message['role'] + '\\n' + "
    "message['content'] + "
    "'<end_of_turn>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<start_of_turn>model\\n' }}{% endif "
    "%}";

// A number that depends on every character: each tensor has its own random numbers, whatever comes before it.
uint64_t fnv1a(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

class Builder {
 public:
  explicit Builder(const TinyModelOptions& options) : options_(options) {
    const std::string& architecture = options_.architecture;
    is_gemma_ = architecture == "gemma3";
    has_biases_ = architecture == "qwen2";
    has_head_norms_ = architecture == "qwen3" || is_gemma_;
    RIPOSTE_CHECK(architecture == "llama" || has_biases_ || has_head_norms_);
    if (options_.layers == 0) options_.layers = is_gemma_ ? 7 : 2;
    if (options_.vocabulary == TinyVocabulary::kOfArchitecture) {
      options_.vocabulary = is_gemma_ ? TinyVocabulary::kSentencePiece : TinyVocabulary::kByteLevelBpe;
    }
  }

  const gguf::Writer& build() {
    const bool bpe = options_.vocabulary == TinyVocabulary::kByteLevelBpe;
    const bool llama = options_.architecture == "llama";
    Vocabulary vocabulary = bpe ? byte_level_bpe(llama ? "smollm" : "qwen2") : sentence_piece(!is_gemma_);
    vocabulary.add_unused(options_.unused_tokens);
    add_metadata(vocabulary.tokens.size());
    vocabulary.write(writer_);
    const std::string chat_template =
        options_.chat_template.value_or(std::string(bpe ? kChatMl : kGemmaTurns));
    if (!chat_template.empty()) set("tokenizer.chat_template", std::string_view(chat_template));
    add_tensors(vocabulary.tokens.size());
    return writer_;
  }

 private:
  void set(std::string_view key, const gguf::Value& value) {
    RIPOSTE_CHECK(writer_.set(key, value).has_value());
  }
  void set_own(std::string_view key, const gguf::Value& value) {
    set(fmt::format("{}.{}", options_.architecture, key), value);
  }
  void set_own(std::string_view key, int32_t value) {
    set_own(key, gguf::Value(static_cast<uint32_t>(value)));
  }

  void add_metadata(size_t vocabulary_size) {
    set("general.architecture", std::string_view(options_.architecture));
    set("general.type", "model");
    set("general.name", "Tiny");
    set_own("block_count", options_.layers);
    set_own("context_length", options_.context_length);
    set_own("embedding_length", options_.hidden);
    set_own("feed_forward_length", options_.feed_forward);
    set_own("attention.head_count", options_.heads);
    set_own("attention.head_count_kv", options_.kv_heads);
    set_own("attention.layer_norm_rms_epsilon", gguf::Value(1e-6f));
    set_own("rope.freq_base", gguf::Value(is_gemma_ ? 1e6f : 1e5f));
    if (has_head_norms_ || options_.heads * options_.head_size != options_.hidden) {
      set_own("attention.key_length", options_.head_size);
      set_own("attention.value_length", options_.head_size);
    }
    if (is_gemma_) set_own("attention.sliding_window", options_.sliding_window);
    if (options_.architecture == "llama") {
      set_own("rope.dimension_count", options_.head_size);
      set_own("vocab_size", static_cast<int32_t>(vocabulary_size));
    }
    set("general.quantization_version", uint32_t{2});
  }

  void add_tensors(size_t vocabulary_size) {
    const int32_t query_width = options_.heads * options_.head_size;
    const int32_t kv_width = options_.kv_heads * options_.head_size;
    const auto vocabulary = static_cast<int32_t>(vocabulary_size);
    // Three times the spread of an ordinary matrix: logits then spread over several units, so that the best
    // is clear.
    add_matrix("token_embd", options_.hidden, vocabulary, options_.embedding, 3.0f);
    if (options_.output) add_matrix("output", options_.hidden, vocabulary, *options_.output, 3.0f);
    add_norm("output_norm", options_.hidden);
    for (int32_t i = 0; i < options_.layers; ++i) {
      const std::string layer = fmt::format("blk.{}.", i);
      add_norm(layer + "attn_norm", options_.hidden);
      add_matrix(layer + "attn_q", options_.hidden, query_width, options_.matrices);
      add_matrix(layer + "attn_k", options_.hidden, kv_width, options_.matrices);
      add_matrix(layer + "attn_v", options_.hidden, kv_width, options_.matrices);
      add_matrix(layer + "attn_output", query_width, options_.hidden, options_.matrices);
      if (has_biases_) {
        add_floats(layer + "attn_q.bias", query_width, 0.0f);
        add_floats(layer + "attn_k.bias", kv_width, 0.0f);
        add_floats(layer + "attn_v.bias", kv_width, 0.0f);
      }
      if (has_head_norms_) {
        add_norm(layer + "attn_q_norm", options_.head_size);
        add_norm(layer + "attn_k_norm", options_.head_size);
      }
      if (is_gemma_) add_norm(layer + "post_attention_norm", options_.hidden);
      add_norm(layer + "ffn_norm", options_.hidden);
      add_matrix(layer + "ffn_gate", options_.hidden, options_.feed_forward, options_.matrices);
      add_matrix(layer + "ffn_up", options_.hidden, options_.feed_forward, options_.matrices);
      add_matrix(layer + "ffn_down", options_.feed_forward, options_.hidden, options_.matrices);
      if (is_gemma_) add_norm(layer + "post_ffw_norm", options_.hidden);
    }
  }

  std::mt19937_64 random_for(std::string_view tensor) const {
    return std::mt19937_64(options_.seed ^ fnv1a(tensor));
  }

  TensorType type_for(const std::string& name, TensorType otherwise) const {
    if (const auto whole = options_.types.find(name); whole != options_.types.end()) return whole->second;
    const auto within = options_.types.find(name.substr(name.rfind('.') + 1));
    return within != options_.types.end() ? within->second : otherwise;
  }

  // [rows, columns], of such a spread that inputs near 1 give outputs near `gain`.
  void add_matrix(const std::string& name, int32_t columns, int32_t rows, TensorType type,
                  float gain = 1.0f) {
    auto random = random_for(name);
    type = type_for(name, type);
    const auto width = static_cast<uint64_t>(columns);
    const auto height = static_cast<uint64_t>(rows);
    RIPOSTE_CHECK(width % gguf::block_shape(type).elements == 0);
    const float deviation = gain / std::sqrt(static_cast<float>(columns));
    data_.push_back(random_tensor(random, type, width * height, deviation));
    RIPOSTE_CHECK(writer_.add_tensor(name + ".weight", type, {width, height}, data_.back()).has_value());
  }

  void add_floats(const std::string& name, int32_t count, float centre) {
    auto random = random_for(name);
    const auto length = static_cast<uint64_t>(count);
    data_.push_back(random_floats(random, length, centre, 0.2f));
    RIPOSTE_CHECK(writer_.add_tensor(name, TensorType::kF32, {length}, data_.back()).has_value());
  }

  void add_norm(const std::string& name, int32_t count) { add_floats(name + ".weight", count, 1.0f); }

  TinyModelOptions options_;
  bool is_gemma_ = false;
  bool has_biases_ = false;
  bool has_head_norms_ = false;
  gguf::Writer writer_;
  std::deque<std::vector<std::byte>> data_;  // what the writer's tensors view
};

}  // namespace

std::vector<std::byte> make_tiny_gguf(const TinyModelOptions& options) {
  return Builder(options).build().bytes();
}

Result<void> write_tiny_gguf(const std::filesystem::path& path, const TinyModelOptions& options) {
  return Builder(options).build().write(path);
}

}  // namespace riposte::support
