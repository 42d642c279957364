// The vocabularies of tiny models: small, but with every kind of token that a tokeniser has to treat
// differently.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gguf/writer.h"

namespace riposte::support {

struct Vocabulary {
  std::vector<std::string> tokens;
  std::vector<int32_t> types;  // as GGUF numbers them: 1 normal, 3 control, 4 user-defined, 5 unused, 6 byte
  std::vector<float> scores;   // SentencePiece only
  std::vector<std::string> merges;  // byte-level BPE only
  std::string model;                // tokenizer.ggml.model
  std::string pre;                  // tokenizer.ggml.pre
  uint32_t bos = 0;
  uint32_t eos = 0;
  uint32_t padding = 0;
  bool adds_bos = false;
  bool adds_space_prefix = false;

  void add_unused(int32_t count);
  // All of it as the metadata tokenizer.ggml.*.
  void write(gguf::Writer& writer) const;
};

Vocabulary byte_level_bpe(std::string pre);
Vocabulary sentence_piece(bool adds_space_prefix);

}  // namespace riposte::support
