// A model file with some bytes overwritten: either an error, or a configuration within its bounds and weights
// that can be read whole.
//
// Input: which of the tiny models (1 byte), then edits of 3 bytes each: offset (little endian) and new value.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "model/weights.h"

namespace {

using riposte::model::Matrix;

void require(bool condition) {
  if (!condition) std::abort();
}

std::vector<std::byte> read_model(const std::string& architecture) {
  std::ifstream file(RIPOSTE_SOURCE_DIR "/tests/executor/models/" + architecture + ".gguf", std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  require(!text.empty());
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

void require_whole(const Matrix& matrix) {
  require(matrix.rows > 0 && matrix.columns > 0);
  require(matrix.data.size() == static_cast<size_t>(matrix.rows) * matrix.row_bytes());
  require(matrix.row(matrix.rows - 1).size() == matrix.row_bytes());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::array<std::vector<std::byte>, 4> models = {read_model("llama"), read_model("qwen2"),
                                                               read_model("qwen3"), read_model("gemma3")};
  if (size == 0) return 0;
  std::vector<std::byte> bytes = models[data[0] % models.size()];
  for (size_t at = 1; at + 3 <= size; at += 3) {
    const size_t offset = data[at] | static_cast<size_t>(data[at + 1]) << 8;
    bytes[offset % bytes.size()] = static_cast<std::byte>(data[at + 2]);
  }

  const auto file = riposte::gguf::File::parse(bytes);
  if (!file) return 0;
  const auto config = riposte::model::read_config(*file);
  if (!config) {
    require(!config.error().message.empty());
    return 0;
  }
  require(config->layers > 0 && config->hidden > 0 && config->vocabulary > 0 && config->context_length > 0);
  require(config->kv_heads > 0 && config->heads % config->kv_heads == 0);
  require(config->head_size > 0 && config->head_size % 2 == 0);
  require(config->full_attention_every > 0 && config->sliding_window >= 0);
  require(config->norm_epsilon > 0.0f && std::isfinite(config->norm_epsilon));
  require(config->attention_scale > 0.0f && std::isfinite(config->attention_scale));
  require(config->rope_base >= 1.0 && config->rope_scale >= 1.0);

  const auto weights = riposte::model::read_weights(*file, *config);
  if (!weights) {
    require(!weights.error().message.empty());
    return 0;
  }
  require(weights->layers.size() == static_cast<size_t>(config->layers));
  require_whole(weights->token_embedding);
  require_whole(weights->output);
  for (const auto& layer : weights->layers) {
    require(layer.attention_norm.size() == static_cast<size_t>(config->hidden));
    for (const Matrix* matrix : {&layer.query, &layer.key, &layer.value, &layer.attention_output, &layer.gate,
                                 &layer.up, &layer.down}) {
      require_whole(*matrix);
    }
  }
  return 0;
}
