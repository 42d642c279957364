// GGUF bytes put together by hand, so that they can be as wrong as a test needs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "gguf/types.h"

namespace riposte::gguf {

class RawFile {
 public:
  // Magic, version and the two counts.
  RawFile(uint32_t version, uint64_t tensors, uint64_t metadata) {
    add_bytes("GGUF").add(version).add(tensors).add(metadata);
  }
  RawFile() = default;

  template <class T>
  RawFile& add(T value) {
    const auto bytes = std::as_bytes(std::span(&value, 1));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  RawFile& add_bytes(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  RawFile& add_string(std::string_view text) { return add(uint64_t{text.size()}).add_bytes(text); }

  // A key and the type of its value, which follows.
  RawFile& add_key(std::string_view key, ValueType type) {
    return add_string(key).add(static_cast<uint32_t>(type));
  }
  // The same for an array, whose elements follow.
  RawFile& add_array(std::string_view key, ValueType elements, uint64_t count) {
    return add_key(key, ValueType::kArray).add(static_cast<uint32_t>(elements)).add(count);
  }
  RawFile& add_tensor(std::string_view name, std::vector<uint64_t> shape, uint32_t type, uint64_t offset) {
    add_string(name).add(static_cast<uint32_t>(shape.size()));
    for (const uint64_t dimension : shape) add(dimension);
    return add(type).add(offset);
  }
  RawFile& add_tensor(std::string_view name, std::vector<uint64_t> shape, TensorType type, uint64_t offset) {
    return add_tensor(name, std::move(shape), static_cast<uint32_t>(type), offset);
  }

  RawFile& pad_to(size_t alignment) {
    bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment);
    return *this;
  }
  RawFile& add_zeros(size_t count) {
    bytes_.resize(bytes_.size() + count);
    return *this;
  }

  std::span<const std::byte> bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace riposte::gguf
