#include <string>
#include <string_view>

#include "tokenizer/tokenizer.h"
#include "tokenizer/utf8.h"

namespace riposte::tokenizer {

std::string Utf8Stream::push(std::string_view bytes) {
  pending_.append(bytes);
  std::string out;
  out.reserve(pending_.size());
  size_t at = 0;
  while (at < pending_.size()) {
    const Utf8Character character = read_utf8(pending_, at);
    if (character.cut_short) break;
    if (character.valid) {
      out.append(pending_, at, character.length);
    } else {
      append_utf8(out, kReplacementCharacter);
    }
    at += character.length;
  }
  pending_.erase(0, at);
  return out;
}

std::string Utf8Stream::finish() {
  std::string out;
  if (!pending_.empty())
    append_utf8(out, kReplacementCharacter);  // at most one incomplete character is ever held back
  pending_.clear();
  return out;
}

}  // namespace riposte::tokenizer
