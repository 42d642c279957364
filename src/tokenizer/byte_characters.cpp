#include "tokenizer/byte_characters.h"

#include "tokenizer/utf8.h"

namespace riposte::tokenizer {
namespace {

constexpr int kNoByte = -1;

constexpr auto make_bytes_of_characters() {
  std::array<int16_t, 0x144> bytes{};
  bytes.fill(kNoByte);
  for (size_t byte = 0; byte < 256; ++byte) bytes[kByteCharacters[byte]] = static_cast<int16_t>(byte);
  return bytes;
}
constexpr auto kBytesOfCharacters = make_bytes_of_characters();

}  // namespace

void append_bytes_of(std::string_view written, std::string& out) {
  const size_t size_before = out.size();
  for (size_t at = 0; at < written.size();) {
    const Utf8Character character = read_utf8(written, at);
    const bool is_byte = character.code_point < kBytesOfCharacters.size() &&
                         kBytesOfCharacters[character.code_point] != kNoByte;
    if (!is_byte) {
      out.resize(size_before);
      out.append(written);
      return;
    }
    out.push_back(static_cast<char>(kBytesOfCharacters[character.code_point]));
    at += character.length;
  }
}

}  // namespace riposte::tokenizer
