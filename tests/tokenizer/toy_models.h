// The small vocabularies of tests/tokenizer/data, made by tests/reference/make_toy_vocabularies.py.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "gguf/file.h"
#include "gguf/writer.h"
#include "tokenizer/tokenizer.h"

namespace riposte::tokenizer {

inline constexpr const char* kByteLevelToys[] = {"toy_gpt_2", "toy_smollm", "toy_qwen2", "toy_llama_bpe"};
inline constexpr const char* kSentencePieceToys[] = {"toy_sentence_piece", "toy_sentence_piece_no_prefix"};
inline constexpr const char* kAllToys[] = {"toy_gpt_2",          "toy_smollm",
                                           "toy_qwen2",          "toy_llama_bpe",
                                           "toy_sentence_piece", "toy_sentence_piece_no_prefix"};

inline std::filesystem::path data_path(const std::string& name) {
  return std::filesystem::path(RIPOSTE_SOURCE_DIR) / "tests/tokenizer/data" / name;
}

inline Tokenizer load_toy(const std::string& name) {
  const auto file = gguf::File::open(data_path(name + ".gguf"));
  if (!file) throw std::runtime_error(file.error().message);
  auto tokenizer = Tokenizer::from_gguf(*file);
  if (!tokenizer) throw std::runtime_error(tokenizer.error().message);
  return std::move(*tokenizer);
}

inline Result<Tokenizer> load(const gguf::Writer& writer) {
  const std::vector<std::byte> bytes = writer.bytes();
  const auto file = gguf::File::parse(bytes);
  if (!file) return pass_on(file);
  return Tokenizer::from_gguf(*file);
}

}  // namespace riposte::tokenizer
