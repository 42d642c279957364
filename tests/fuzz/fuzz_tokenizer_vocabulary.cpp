// Any bytes as a GGUF file with a tokeniser: either an error, or a tokeniser that works.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>

#include "gguf/file.h"
#include "tokenizer/tokenizer.h"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const auto file = riposte::gguf::File::parse(std::as_bytes(std::span(bytes, size)));
  if (!file) return 0;
  const auto tokenizer = riposte::tokenizer::Tokenizer::from_gguf(*file);
  if (!tokenizer) {
    require(!tokenizer.error().message.empty());
    return 0;
  }
  const auto vocabulary = static_cast<riposte::TokenId>(tokenizer->vocabulary_size());
  // The vocabulary's own tokens make a text that tries merges and added tokens.
  riposte::tokenizer::MarkedText text;
  for (riposte::TokenId id = 0; id < vocabulary && text.text.size() < 1000; ++id) {
    text.append_untrusted(tokenizer->token_bytes(id, true));
    text.append_trusted(tokenizer->token_bytes(id, true));
    text.append_untrusted("a b \u2581 12 'll \u00E9 \xFF\n");
  }
  for (const riposte::TokenId id : tokenizer->encode(text)) require(id >= 0 && id < vocabulary);
  (void)tokenizer->decode(tokenizer->encode(text.text));
  require(tokenizer->bos() >= riposte::kNoToken && tokenizer->bos() < vocabulary);
  require(tokenizer->eos() == riposte::kNoToken || tokenizer->is_end(tokenizer->eos()));
  return 0;
}
