// A position in the bytes of a file from which values are taken, none of them past the end.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "base/result.h"

namespace riposte::gguf {

static_assert(std::endian::native == std::endian::little,
              "GGUF values are taken from the file as they lie there");

class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  uint64_t position() const { return position_; }
  uint64_t remaining() const { return bytes_.size() - position_; }

  // `what` names the value in the error message: "the type of 'general.name'".
  template <class T>
  Result<T> take(std::string_view what) {
    static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>);
    if (remaining() < sizeof(T)) return too_short(what, sizeof(T));
    T value;
    std::memcpy(&value, bytes_.data() + position_, sizeof(T));
    position_ += sizeof(T);
    return value;
  }

  Result<std::span<const std::byte>> take_bytes(uint64_t count, std::string_view what);

  // A uint64 length and so many bytes.
  Result<std::string_view> take_string(std::string_view what);

  // A uint64 count of things that take at least `bytes_each` bytes: a count that the rest of the file cannot
  // hold is an error here, before anybody allocates for it.
  Result<uint64_t> take_count(uint64_t bytes_each, std::string_view what);

 private:
  tl::unexpected<Error> too_short(std::string_view what, uint64_t wanted) const;

  std::span<const std::byte> bytes_;
  uint64_t position_ = 0;
};

// A name from a file, made fit for an error message: control characters and bytes beyond ASCII as \xNN, cut
// after 80.
std::string printable(std::string_view name);

}  // namespace riposte::gguf
