// The typed look-ups of File: the key must be there and hold what the caller expects.
#include <type_traits>
#include <utility>

#include "gguf/cursor.h"
#include "gguf/file.h"

namespace riposte::gguf {
namespace {

template <class T>
std::string_view kind() {
  if constexpr (std::is_same_v<T, uint8_t>) return "uint8";
  if constexpr (std::is_same_v<T, int8_t>) return "int8";
  if constexpr (std::is_same_v<T, uint16_t>) return "uint16";
  if constexpr (std::is_same_v<T, int16_t>) return "int16";
  if constexpr (std::is_same_v<T, uint32_t>) return "uint32";
  if constexpr (std::is_same_v<T, int32_t>) return "int32";
  if constexpr (std::is_same_v<T, uint64_t>) return "uint64";
  if constexpr (std::is_same_v<T, int64_t>) return "int64";
  if constexpr (std::is_same_v<T, float>) return "float32";
  if constexpr (std::is_same_v<T, double>) return "float64";
  if constexpr (std::is_same_v<T, bool>) return "bool";
  if constexpr (std::is_same_v<T, std::string_view>) return "string";
}

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

Result<const Value*> require(const File& file, std::string_view key, std::string_view expected) {
  if (const Value* value = file.find(key)) return value;
  return fail(ErrorCode::kCorrupt, "the metadata key '{}' ({}) is missing", printable(key), expected);
}

tl::unexpected<Error> other_kind(std::string_view key, const Value& value, std::string_view expected) {
  return fail(ErrorCode::kCorrupt, "the metadata key '{}' must be {}, but is {}", printable(key), expected,
              kind_of(value));
}

// The value of `key` if the file holds it as exactly a T.
template <class T>
Result<const T*> require_array(const File& file, std::string_view key, std::string_view expected) {
  const auto value = require(file, key, expected);
  if (!value) return pass_on(value);
  const Array* array = std::get_if<Array>(*value);
  const T* elements = array ? std::get_if<T>(array) : nullptr;
  if (!elements) return other_kind(key, **value, expected);
  return elements;
}

}  // namespace

std::string kind_of(const Value& value) {
  return std::visit(Overloaded{
                        [](const Array& array) {
                          return std::visit(
                              [](const auto& elements) {
                                using Element = typename std::decay_t<decltype(elements)>::value_type;
                                return fmt::format("an array of {}", kind<Element>());
                              },
                              array);
                        },
                        []<class T>(const T&) { return fmt::format("a {}", kind<T>()); },
                    },
                    value);
}

Result<int64_t> File::get_int(std::string_view key) const {
  constexpr std::string_view kExpected = "an integer";
  const auto value = require(*this, key, kExpected);
  if (!value) return pass_on(value);
  return std::visit(
      [&]<class T>(const T& number) -> Result<int64_t> {
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
          if (std::in_range<int64_t>(number)) return static_cast<int64_t>(number);
          return fail(ErrorCode::kCorrupt, "the metadata key '{}' is {}, beyond 63 bits", printable(key),
                      number);
        } else {
          return other_kind(key, **value, kExpected);
        }
      },
      **value);
}

Result<double> File::get_float(std::string_view key) const {
  constexpr std::string_view kExpected = "a float32 or float64";
  const auto value = require(*this, key, kExpected);
  if (!value) return pass_on(value);
  if (const float* number = std::get_if<float>(*value)) return *number;
  if (const double* number = std::get_if<double>(*value)) return *number;
  return other_kind(key, **value, kExpected);
}

Result<bool> File::get_bool(std::string_view key) const {
  constexpr std::string_view kExpected = "a bool";
  const auto value = require(*this, key, kExpected);
  if (!value) return pass_on(value);
  if (const bool* truth = std::get_if<bool>(*value)) return *truth;
  return other_kind(key, **value, kExpected);
}

Result<std::string_view> File::get_string(std::string_view key) const {
  constexpr std::string_view kExpected = "a string";
  const auto value = require(*this, key, kExpected);
  if (!value) return pass_on(value);
  if (const auto* text = std::get_if<std::string_view>(*value)) return *text;
  return other_kind(key, **value, kExpected);
}

Result<std::span<const std::string_view>> File::get_strings(std::string_view key) const {
  const auto elements = require_array<std::vector<std::string_view>>(*this, key, "an array of string");
  if (!elements) return pass_on(elements);
  return std::span<const std::string_view>(**elements);
}

Result<std::span<const float>> File::get_floats(std::string_view key) const {
  const auto elements = require_array<std::vector<float>>(*this, key, "an array of float32");
  if (!elements) return pass_on(elements);
  return std::span<const float>(**elements);
}

Result<std::span<const int32_t>> File::get_ints(std::string_view key) const {
  const auto elements = require_array<std::vector<int32_t>>(*this, key, "an array of int32");
  if (elements) return std::span<const int32_t>(**elements);
  // The signed and the unsigned type of one width may look at each other's memory.
  const auto unsigned_elements = require_array<std::vector<uint32_t>>(*this, key, "an array of int32");
  if (!unsigned_elements) return pass_on(elements);
  return std::span<const int32_t>(reinterpret_cast<const int32_t*>((*unsigned_elements)->data()),
                                  (*unsigned_elements)->size());
}

}  // namespace riposte::gguf
