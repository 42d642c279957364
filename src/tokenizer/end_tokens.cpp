#include "tokenizer/end_tokens.h"

#include <algorithm>
#include <string_view>

namespace riposte::tokenizer {
namespace {

constexpr std::string_view kEndKeys[] = {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                                         "tokenizer.ggml.eom_token_id"};

constexpr std::string_view kEndNames[] = {
    "<|im_end|>",       // ChatML: Qwen, SmolLM
    "<|eot_id|>",       // Llama 3
    "<|eom_id|>",       // Llama 3.1, before a tool's answer
    "<|end_of_text|>",  // Llama 3
    "<|endoftext|>",    // GPT-2
    "<|end|>",          // Phi
    "<end_of_turn>",    // Gemma
    "<eos>",            // Gemma
    "</s>",             // Llama 2, Mistral
};

}  // namespace

Result<TokenId> read_token_id(const gguf::File& file, std::string_view key, const Vocabulary& vocabulary) {
  if (file.find(key) == nullptr) return kNoToken;
  const auto id = file.get_int(key);
  if (!id) return pass_on(id);
  if (*id < 0 || static_cast<uint64_t>(*id) >= vocabulary.size()) {
    return fail(ErrorCode::kCorrupt, "{} is {}, but the vocabulary has {} tokens", key, *id,
                vocabulary.size());
  }
  return static_cast<TokenId>(*id);
}

Result<std::vector<TokenId>> find_end_tokens(const gguf::File& file, const Vocabulary& vocabulary) {
  std::vector<TokenId> ends;
  for (const std::string_view key : kEndKeys) {
    const auto id = read_token_id(file, key, vocabulary);
    if (!id) return pass_on(id);
    if (*id != kNoToken) ends.push_back(*id);
  }
  for (const std::string_view name : kEndNames) {
    // Only as a control token: "</s>" is an HTML tag to Gemma.
    const TokenId id = vocabulary.find(name);
    if (id != kNoToken && vocabulary.type(id) == TokenType::kControl) ends.push_back(id);
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  return ends;
}

}  // namespace riposte::tokenizer
