// A complete model file with random weights, made in memory in a few milliseconds: for tests of everything
// from model/ to server/ that need a real file but no real model.
//
//   const auto bytes = support::make_tiny_gguf({.architecture = "qwen2", .matrices =
//   gguf::TensorType::kQ4_K}); auto file = gguf::File::parse(bytes);                         // `bytes` must
//   outlive `file`
//
//   support::write_tiny_gguf(path, {.architecture = "gemma3"});   // for what opens files itself
//
// The same options give the same bytes on every machine. Metadata and tensors carry the names that
// llama.cpp's converter writes. Weights are scaled like those of a trained model, so that activations stay
// near 1 and logits spread over several units; what the model says is noise, but a fixed function of the
// tokens before it.
//
// Vocabularies (320 to 420 tokens, tiny_vocabulary.h). Byte-level BPE: the 256 bytes, merges of common
// English pieces, <|endoftext|>, <|im_start|>, <|im_end|> (control; the last ends an answer) and <tool_call>
// (user-defined). SentencePiece: <pad>, <eos>, <bos>, <unk>, <start_of_turn>, <end_of_turn> (control), "\n"
// (user-defined), 256 byte-fallback tokens, visible ASCII and common English pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "gguf/types.h"

namespace riposte::support {

enum class TinyVocabulary {
  kOfArchitecture,  // SentencePiece for gemma3, byte-level BPE for the others
  kByteLevelBpe,
  kSentencePiece,
};

// Rows must be whole blocks: `hidden`, `feed_forward` and heads * head_size are multiples of 32 for Q4_0 ...
// Q8_0 and of 256 for Q2_K ... Q6_K. An impossible combination is a mistake in the test and stops it.
struct TinyModelOptions {
  // llama, qwen2 (with biases), qwen3 (norms of Q and K) or gemma3 (those, post-norms and sliding windows).
  std::string architecture = "llama";
  int32_t layers = 0;  // 0: 2; 7 for gemma3, of which every sixth has full attention
  int32_t hidden = 256;
  int32_t heads = 4;
  int32_t kv_heads = 2;
  int32_t head_size = 64;
  int32_t feed_forward = 512;
  int32_t context_length = 512;
  int32_t sliding_window = 16;  // gemma3 only

  gguf::TensorType matrices = gguf::TensorType::kQ8_0;  // all of the layers'
  gguf::TensorType embedding = gguf::TensorType::kQ8_0;
  std::optional<gguf::TensorType> output = {};  // a separate output matrix; without: tied to the embedding
  // Exceptions, by the name within a layer or of the whole tensor: {{"ffn_down", kQ6_K}, {"blk.1.attn_v",
  // kF16}}.
  std::map<std::string, gguf::TensorType> types = {};

  TinyVocabulary vocabulary = TinyVocabulary::kOfArchitecture;
  int32_t unused_tokens = 0;  // so many tokens <unused0>, ... more, for a larger output head
  // Jinja; the default is ChatML (byte-level BPE) or Gemma's turns (SentencePiece). Empty: the file has none.
  std::optional<std::string> chat_template = {};
  uint64_t seed = 1;
};

std::vector<std::byte> make_tiny_gguf(const TinyModelOptions& options = {});

// The same as a file. Errors: kIo.
Result<void> write_tiny_gguf(const std::filesystem::path& path, const TinyModelOptions& options = {});

}  // namespace riposte::support
