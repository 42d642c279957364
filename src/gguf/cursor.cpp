#include "gguf/cursor.h"

namespace riposte::gguf {

tl::unexpected<Error> Cursor::too_short(std::string_view what, uint64_t wanted) const {
  return fail(ErrorCode::kCorrupt,
              "{} at byte {} takes {} bytes, but the file ends {} bytes later (at {}); is it complete?", what,
              position_, wanted, remaining(), bytes_.size());
}

Result<std::span<const std::byte>> Cursor::take_bytes(uint64_t count, std::string_view what) {
  if (count > remaining()) return too_short(what, count);
  const auto taken = bytes_.subspan(position_, count);
  position_ += count;
  return taken;
}

Result<std::string_view> Cursor::take_string(std::string_view what) {
  const auto length = take<uint64_t>(what);
  if (!length) return pass_on(length);
  const auto bytes = take_bytes(*length, what);
  if (!bytes) return pass_on(bytes);
  return std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

Result<uint64_t> Cursor::take_count(uint64_t bytes_each, std::string_view what) {
  const uint64_t at = position_;
  const auto count = take<uint64_t>(what);
  if (!count) return count;
  if (*count > remaining() / bytes_each) {
    return fail(ErrorCode::kCorrupt,
                "{} at byte {} is {}, more than the remaining {} bytes can hold; is the file complete?", what,
                at, *count, remaining());
  }
  return count;
}

std::string printable(std::string_view name) {
  constexpr size_t kLongest = 80;
  std::string text;
  for (const char c : name.substr(0, kLongest)) {
    if (c >= 0x20 && c < 0x7f) {
      text += c;
    } else {
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    }
  }
  if (name.size() > kLongest) text += "...";
  return text;
}

}  // namespace riposte::gguf
