// A tokenizer of single bytes and a ChatML template, for tests of what stands on them.
#pragma once

#include <fmt/format.h>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "gguf/file.h"
#include "gguf/writer.h"
#include "tokenizer/tokenizer.h"

namespace riposte::testing {

inline constexpr TokenId kFirstByteToken = 5;  // token kFirstByteToken + b is the byte b
inline constexpr TokenId kEndToken = 4;        // <|im_end|>
inline constexpr int32_t kByteVocabulary = kFirstByteToken + 256;

inline constexpr const char* kChatMl =
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

inline tokenizer::Tokenizer byte_tokenizer(bool adds_bos = false) {
  constexpr int32_t kUnknown = 2, kControl = 3, kByte = 6;
  std::vector<std::string> written = {"<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"};
  std::vector<int32_t> types = {kUnknown, kControl, kControl, kControl, kControl};
  for (int byte = 0; byte < 256; ++byte) {
    written.push_back(fmt::format("<0x{:02X}>", byte));
    types.push_back(kByte);
  }
  gguf::Writer writer;
  const auto set = [&](std::string_view key, gguf::Value value) { RIPOSTE_CHECK(writer.set(key, value)); };
  set("tokenizer.ggml.model", std::string_view("llama"));
  set("tokenizer.ggml.tokens", gguf::Array(std::vector<std::string_view>(written.begin(), written.end())));
  set("tokenizer.ggml.scores", gguf::Array(std::vector<float>(written.size(), 0.0f)));
  set("tokenizer.ggml.token_type", gguf::Array(types));
  set("tokenizer.ggml.bos_token_id", uint32_t{1});
  set("tokenizer.ggml.eos_token_id", uint32_t{2});
  set("tokenizer.ggml.add_space_prefix", false);
  set("tokenizer.ggml.add_bos_token", adds_bos);
  const std::vector<std::byte> bytes = writer.bytes();
  return *tokenizer::Tokenizer::from_gguf(*gguf::File::parse(bytes));
}

}  // namespace riposte::testing
