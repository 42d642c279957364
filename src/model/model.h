// A model file, opened: configuration, weights, tokeniser, chat template. Immutable and shared.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/result.h"
#include "gguf/file.h"
#include "model/config.h"
#include "model/weights.h"
#include "tokenizer/tokenizer.h"

namespace riposte::model {

struct Model {
  gguf::File file;
  ModelConfig config;
  Weights weights;  // views into `file`
  tokenizer::Tokenizer tokenizer;
  std::string chat_template;   // Jinja source; empty if the file has none
  std::filesystem::path path;  // as opened

  // Errors: those of gguf::File, read_config, read_weights and Tokenizer, with the path in front.
  static Result<std::shared_ptr<const Model>> open(const std::filesystem::path& path);
};

}  // namespace riposte::model
