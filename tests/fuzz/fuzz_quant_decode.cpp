// Any bytes as the blocks of any type: the first byte chooses the type, the rest are as many blocks as they
// make.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "quant/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto type = riposte::gguf::tensor_type_from(data[0]);
  if (!type) return 0;
  const auto blocks = std::as_bytes(std::span(data, size).subspan(1));
  const auto shape = riposte::gguf::block_shape(*type);
  std::vector<float> values(blocks.size() / shape.bytes * shape.elements);
  riposte::quant::decode(*type, blocks, values);
  return 0;
}
