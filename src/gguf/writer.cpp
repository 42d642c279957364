#include "gguf/writer.h"

#include <cstring>
#include <type_traits>

#include "gguf/cursor.h"
#include "gguf/output_file.h"
#include "gguf/tensor_table.h"

namespace riposte::gguf {
namespace {

constexpr std::byte kPadding[Writer::kAlignment] = {};

template <class T>
constexpr ValueType type_of() {
  if constexpr (std::is_same_v<T, uint8_t>) return ValueType::kUint8;
  if constexpr (std::is_same_v<T, int8_t>) return ValueType::kInt8;
  if constexpr (std::is_same_v<T, uint16_t>) return ValueType::kUint16;
  if constexpr (std::is_same_v<T, int16_t>) return ValueType::kInt16;
  if constexpr (std::is_same_v<T, uint32_t>) return ValueType::kUint32;
  if constexpr (std::is_same_v<T, int32_t>) return ValueType::kInt32;
  if constexpr (std::is_same_v<T, uint64_t>) return ValueType::kUint64;
  if constexpr (std::is_same_v<T, int64_t>) return ValueType::kInt64;
  if constexpr (std::is_same_v<T, float>) return ValueType::kFloat32;
  if constexpr (std::is_same_v<T, double>) return ValueType::kFloat64;
  if constexpr (std::is_same_v<T, bool>) return ValueType::kBool;
  if constexpr (std::is_same_v<T, std::string_view>) return ValueType::kString;
  if constexpr (std::is_same_v<T, Array>) return ValueType::kArray;
}

using Bytes = std::vector<std::byte>;

void append(Bytes& out, std::span<const std::byte> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

template <class T>
requires std::is_arithmetic_v<T>
void put(Bytes& out, T value) {
  if constexpr (std::is_same_v<T, bool>) {
    out.push_back(std::byte{value});
  } else {
    append(out, std::as_bytes(std::span(&value, 1)));
  }
}

void put(Bytes& out, ValueType type) {
  put(out, static_cast<uint32_t>(type));
}

void put(Bytes& out, std::string_view text) {
  put(out, uint64_t{text.size()});
  append(out, std::as_bytes(std::span(text)));
}

void put(Bytes& out, const Array& array) {
  std::visit(
      [&](const auto& elements) {
        using Element = typename std::decay_t<decltype(elements)>::value_type;
        put(out, type_of<Element>());
        put(out, uint64_t{elements.size()});
        for (const Element element : elements) put(out, element);
      },
      array);
}

uint64_t padding_after(uint64_t bytes) {
  return (Writer::kAlignment - bytes % Writer::kAlignment) % Writer::kAlignment;
}

}  // namespace

Result<void> Writer::set(std::string_view key, const Value& value) {
  if (key == "general.alignment") {
    return fail(ErrorCode::kInvalidArgument, "general.alignment cannot be set: this writer aligns to {}",
                kAlignment);
  }
  if (!keys_.emplace(key).second) {
    return fail(ErrorCode::kInvalidArgument, "the metadata key '{}' is set already", printable(key));
  }
  put(metadata_, key);
  std::visit(
      [&]<class T>(const T& alternative) {
        put(metadata_, type_of<T>());
        put(metadata_, alternative);
      },
      value);
  ++metadata_count_;
  return {};
}

Result<void> Writer::add_tensor(std::string_view name, TensorType type, std::vector<uint64_t> shape,
                                std::span<const std::byte> data) {
  const std::string tensor = fmt::format("tensor '{}'", printable(name));
  if (shape.empty() || shape.size() > kMostDimensions) {
    return fail(ErrorCode::kInvalidArgument, "{} has {} dimensions; 1 to {} are possible", tensor,
                shape.size(), kMostDimensions);
  }
  const auto bytes = tensor_bytes(type, shape);
  if (!bytes) return fail(ErrorCode::kInvalidArgument, "{}: {}", tensor, bytes.error().message);
  if (*bytes != data.size()) {
    return fail(ErrorCode::kInvalidArgument, "{} takes {} bytes as {} [{}], but {} were given", tensor,
                *bytes, name_of(type), fmt::join(shape, ", "), data.size());
  }
  if (!names_.emplace(name).second) {
    return fail(ErrorCode::kInvalidArgument, "{} was added already", tensor);
  }
  put(descriptions_, name);
  put(descriptions_, static_cast<uint32_t>(shape.size()));
  for (const uint64_t dimension : shape) put(descriptions_, dimension);
  put(descriptions_, static_cast<uint32_t>(type));
  put(descriptions_, data_bytes_);
  data_.push_back(data);
  data_bytes_ += data.size() + padding_after(data.size());
  return {};
}

std::vector<std::byte> Writer::head() const {
  Bytes out;
  out.reserve(64 + metadata_.size() + descriptions_.size());
  append(out, std::as_bytes(std::span(std::string_view("GGUF"))));
  put(out, uint32_t{3});
  put(out, uint64_t{data_.size()});
  put(out, metadata_count_);
  append(out, metadata_);
  append(out, descriptions_);
  out.resize(out.size() + padding_after(out.size()));
  return out;
}

std::vector<std::byte> Writer::bytes() const {
  Bytes out = head();
  out.reserve(out.size() + data_bytes_);
  for (const auto data : data_) {
    append(out, data);
    out.resize(out.size() + padding_after(out.size()));
  }
  return out;
}

Result<void> Writer::write(const std::filesystem::path& path) const {
  auto file = OutputFile::create(path);
  if (!file) return pass_on(file);
  if (const auto written = file->write(head()); !written) return written;
  for (const auto data : data_) {
    if (const auto written = file->write(data); !written) return written;
    const auto padding = std::span(kPadding).first(padding_after(data.size()));
    if (const auto written = file->write(padding); !written) return written;
  }
  return file->commit();
}

}  // namespace riposte::gguf
