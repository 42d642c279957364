#include "gguf/metadata.h"

#include <algorithm>

namespace riposte::gguf {
namespace {

// Memory is taken as elements are read, beyond this many, so that a false count costs only what the file
// really holds.
constexpr uint64_t kReserveAtMost = 1 << 20;

std::string value_of(std::string_view key) {
  return fmt::format("the value of '{}'", printable(key));
}

Result<bool> take_bool(Cursor& cursor, std::string_view what) {
  const uint64_t at = cursor.position();
  const auto byte = cursor.take<uint8_t>(what);
  if (!byte) return pass_on(byte);
  if (*byte > 1)
    return fail(ErrorCode::kCorrupt, "{} at byte {} must be 0 or 1 (a bool), not {}", what, at, *byte);
  return *byte == 1;
}

template <class T>
Result<Value> scalar(Cursor& cursor, std::string_view key) {
  const auto value = cursor.take<T>(value_of(key));
  if (!value) return pass_on(value);
  return Value(*value);
}

template <class T>
Result<Value> numbers(Cursor& cursor, std::string_view key) {
  const auto count =
      cursor.take_count(sizeof(T), fmt::format("the length of the array '{}'", printable(key)));
  if (!count) return pass_on(count);
  const auto bytes = cursor.take_bytes(*count * sizeof(T), value_of(key));
  if (!bytes) return pass_on(bytes);
  std::vector<T> elements(*count);
  if (*count > 0) std::memcpy(elements.data(), bytes->data(), bytes->size());
  return Value(Array(std::move(elements)));
}

// `least_bytes` of an element; `take` reads one.
template <class T, class Take>
Result<Value> elements_by(Cursor& cursor, std::string_view key, uint64_t least_bytes, Take take) {
  const auto count =
      cursor.take_count(least_bytes, fmt::format("the length of the array '{}'", printable(key)));
  if (!count) return pass_on(count);
  const std::string what = fmt::format("an element of the array '{}'", printable(key));
  std::vector<T> elements;
  elements.reserve(std::min(*count, kReserveAtMost));
  for (uint64_t i = 0; i < *count; ++i) {
    const auto element = take(what);
    if (!element) return pass_on(element);
    elements.push_back(*element);
  }
  return Value(Array(std::move(elements)));
}

Result<Value> array(Cursor& cursor, std::string_view key) {
  const uint64_t at = cursor.position();
  const auto type = cursor.take<uint32_t>(fmt::format("the element type of the array '{}'", printable(key)));
  if (!type) return pass_on(type);
  switch (static_cast<ValueType>(*type)) {
    case ValueType::kUint8:
      return numbers<uint8_t>(cursor, key);
    case ValueType::kInt8:
      return numbers<int8_t>(cursor, key);
    case ValueType::kUint16:
      return numbers<uint16_t>(cursor, key);
    case ValueType::kInt16:
      return numbers<int16_t>(cursor, key);
    case ValueType::kUint32:
      return numbers<uint32_t>(cursor, key);
    case ValueType::kInt32:
      return numbers<int32_t>(cursor, key);
    case ValueType::kUint64:
      return numbers<uint64_t>(cursor, key);
    case ValueType::kInt64:
      return numbers<int64_t>(cursor, key);
    case ValueType::kFloat32:
      return numbers<float>(cursor, key);
    case ValueType::kFloat64:
      return numbers<double>(cursor, key);
    case ValueType::kBool:
      return elements_by<bool>(cursor, key, 1, [&](const auto& what) { return take_bool(cursor, what); });
    case ValueType::kString:
      return elements_by<std::string_view>(cursor, key, 8,
                                           [&](const auto& what) { return cursor.take_string(what); });
    case ValueType::kArray:
      return fail(ErrorCode::kUnsupported,
                  "'{}' at byte {} is an array of arrays, which no supported model uses", printable(key), at);
  }
  return fail(ErrorCode::kCorrupt, "the array '{}' has an unknown element type {} at byte {} (0 to 12 exist)",
              printable(key), *type, at);
}

Result<Value> value(Cursor& cursor, std::string_view key) {
  const uint64_t at = cursor.position();
  const auto type = cursor.take<uint32_t>(fmt::format("the type of '{}'", printable(key)));
  if (!type) return pass_on(type);
  switch (static_cast<ValueType>(*type)) {
    case ValueType::kUint8:
      return scalar<uint8_t>(cursor, key);
    case ValueType::kInt8:
      return scalar<int8_t>(cursor, key);
    case ValueType::kUint16:
      return scalar<uint16_t>(cursor, key);
    case ValueType::kInt16:
      return scalar<int16_t>(cursor, key);
    case ValueType::kUint32:
      return scalar<uint32_t>(cursor, key);
    case ValueType::kInt32:
      return scalar<int32_t>(cursor, key);
    case ValueType::kUint64:
      return scalar<uint64_t>(cursor, key);
    case ValueType::kInt64:
      return scalar<int64_t>(cursor, key);
    case ValueType::kFloat32:
      return scalar<float>(cursor, key);
    case ValueType::kFloat64:
      return scalar<double>(cursor, key);
    case ValueType::kBool:
      return take_bool(cursor, value_of(key)).map([](bool b) { return Value(b); });
    case ValueType::kString:
      return cursor.take_string(value_of(key)).map([](std::string_view s) { return Value(s); });
    case ValueType::kArray:
      return array(cursor, key);
  }
  return fail(ErrorCode::kCorrupt, "'{}' has an unknown type {} at byte {} (0 to 12 exist)", printable(key),
              *type, at);
}

}  // namespace

Result<Metadata> read_metadata(Cursor& cursor) {
  const auto key = cursor.take_string("a metadata key");
  if (!key) return pass_on(key);
  auto read = value(cursor, *key);
  if (!read) return pass_on(read);
  return Metadata{*key, std::move(*read)};
}

}  // namespace riposte::gguf
