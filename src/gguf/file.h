// Reading a GGUF file (version 2 or 3, little endian): metadata and tensors, mapped into memory.
//
// Everything a file says is checked before it is used: counts against what the file could hold, lengths and
// offsets against its end, dimensions against overflow, tensors against each other. A File that opened is
// safe to read whole.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "gguf/types.h"

namespace riposte::gguf {

// Arrays of numbers keep their type; arrays of arrays are not used by any model and are refused.
using Array =
    std::variant<std::vector<uint8_t>, std::vector<int8_t>, std::vector<uint16_t>, std::vector<int16_t>,
                 std::vector<uint32_t>, std::vector<int32_t>, std::vector<uint64_t>, std::vector<int64_t>,
                 std::vector<float>, std::vector<double>, std::vector<bool>, std::vector<std::string_view>>;

// Strings are views into the mapped file and live as long as the File.
using Value = std::variant<uint8_t, int8_t, uint16_t, int16_t, uint32_t, int32_t, uint64_t, int64_t, float,
                           double, bool, std::string_view, Array>;

// What a value is, for messages: "a uint32", "an array of string".
std::string kind_of(const Value& value);

struct Metadata {
  std::string_view key;
  Value value;
};

struct Tensor {
  std::string_view name;
  TensorType type;
  std::vector<uint64_t> shape;      // innermost first: {columns, rows}; 1 to 4 dimensions, none of them 0
  std::span<const std::byte> data;  // the whole tensor, row after row

  uint64_t columns() const { return shape[0]; }
  uint64_t rows() const;  // the product of all dimensions but the first
};

class File {
 public:
  // Maps the file at `path`. Errors: kNotFound, kIo, kCorrupt (with the byte offset), kUnsupported (a version
  // or a tensor type, named together with those that are supported).
  static Result<File> open(const std::filesystem::path& path);
  // The same for bytes that somebody else keeps alive (tests, fuzzing).
  static Result<File> parse(std::span<const std::byte> bytes);

  File(File&&) noexcept;
  File& operator=(File&&) noexcept;
  ~File();

  uint32_t version() const;
  std::span<const Metadata> metadata() const;  // in the file's order
  std::span<const Tensor> tensors() const;     // in the file's order
  size_t size_bytes() const;

  const Value* find(std::string_view key) const;           // null if absent
  const Tensor* find_tensor(std::string_view name) const;  // null if absent

  // Typed look-ups; an absent key or a value of another kind is a kCorrupt error that names the key and both
  // kinds. Integers of any width are accepted if the value fits.
  Result<int64_t> get_int(std::string_view key) const;
  Result<double> get_float(std::string_view key) const;
  Result<bool> get_bool(std::string_view key) const;
  Result<std::string_view> get_string(std::string_view key) const;
  Result<std::span<const std::string_view>> get_strings(std::string_view key) const;
  Result<std::span<const float>> get_floats(std::string_view key) const;
  Result<std::span<const int32_t>> get_ints(
      std::string_view key) const;  // int32 arrays (uint32 ones are reinterpreted)

 private:
  struct Contents;
  explicit File(std::unique_ptr<Contents> contents);
  std::unique_ptr<Contents> contents_;
};

}  // namespace riposte::gguf
