// Any bytes, trusted here and there, through the toy vocabularies: the text comes back, and a control token
// comes from trusted bytes only.
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "gguf/file.h"
#include "tokenizer/tokenizer.h"

namespace {

using riposte::TokenId;
using riposte::tokenizer::ByteRange;
using riposte::tokenizer::MarkedText;
using riposte::tokenizer::Tokenizer;
using riposte::tokenizer::Utf8Stream;

struct Toy {
  Tokenizer tokenizer;
  bool keeps_text;  // neither normalises nor treats a space mark as a space
  bool is_byte_level;
};

void require(bool condition) {
  if (!condition) std::abort();
}

std::vector<Toy> load_toys() {
  std::vector<Toy> toys;
  const auto add = [&](const std::string& name, bool keeps_text, bool is_byte_level) {
    const auto file = riposte::gguf::File::open(RIPOSTE_SOURCE_DIR "/tests/tokenizer/data/" + name + ".gguf");
    require(file.has_value());
    auto tokenizer = Tokenizer::from_gguf(*file);
    require(tokenizer.has_value());
    toys.push_back({std::move(*tokenizer), keeps_text, is_byte_level});
  };
  add("toy_gpt_2", true, true);
  add("toy_smollm", true, true);
  add("toy_llama_bpe", true, true);
  add("toy_qwen2", false, true);
  add("toy_sentence_piece", false, false);
  add("toy_sentence_piece_no_prefix", false, false);
  return toys;
}

MarkedText consume_text(FuzzedDataProvider& data) {
  static constexpr const char* kPieces[] = {"<|im_start|>", "<|im_end|>", "<|im_",  "end|>",
                                            "<tool_call>",  "<s>",        "</s>",   "<unk>",
                                            "<b>",          "\n\n",       "\u2581", "e\u0301"};
  MarkedText text;
  while (data.remaining_bytes() > 0) {
    const std::string piece =
        data.ConsumeBool() ? data.PickValueInArray(kPieces) : data.ConsumeRandomLengthString(64);
    data.ConsumeBool() ? text.append_trusted(piece) : text.append_untrusted(piece);
  }
  return text;
}

// Each token of a text that comes back whole covers known bytes of it.
void check_control_tokens(const Tokenizer& tokenizer, const MarkedText& text,
                          const std::vector<TokenId>& ids) {
  size_t at = 0;
  for (const TokenId id : ids) {
    const size_t end = at + tokenizer.token_bytes(id, true).size();
    require(!tokenizer.is_control(id) ||
            std::any_of(text.trusted.begin(), text.trusted.end(),
                        [&](const ByteRange& range) { return range.begin <= at && end <= range.end; }));
    at = end;
  }
  require(at == text.text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  static const std::vector<Toy> toys = load_toys();
  FuzzedDataProvider data(bytes, size);
  const Toy& toy = toys[data.ConsumeIntegralInRange<size_t>(0, toys.size() - 1)];
  const Tokenizer& tokenizer = toy.tokenizer;
  const MarkedText text = consume_text(data);

  const std::vector<TokenId> ids = tokenizer.encode(text);
  const std::string decoded = tokenizer.decode(ids, true);
  if (toy.keeps_text) {
    require(decoded == text.text);
    check_control_tokens(tokenizer, text, ids);
  }
  if (toy.is_byte_level)
    require(tokenizer.decode(tokenizer.encode(decoded)) == decoded);  // at the latest once in NFC
  for (const TokenId id : tokenizer.encode(text.text)) require(!tokenizer.is_control(id));

  Utf8Stream whole;
  Utf8Stream by_token;
  const std::string expected = whole.push(decoded) + whole.finish();
  std::string shown;
  for (const TokenId id : ids) shown += by_token.push(tokenizer.token_bytes(id, true));
  shown += by_token.finish();
  if (tokenizer.strips_first_space() && shown.starts_with(' ')) shown.erase(0, 1);
  require(shown == expected);
  return 0;
}
