#include "support/tiny_vocabulary.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "base/check.h"

namespace riposte::support {
namespace {

constexpr int32_t kNormal = 1, kControl = 3, kUserDefined = 4, kUnused = 5, kByte = 6;

// Pieces in the order of their merges: what each is made of comes before it. A space is written '_'.
constexpr std::pair<std::string_view, std::string_view> kMerges[] = {
    {"_", "t"},  {"_", "a"},   {"h", "e"},   {"i", "n"}, {"r", "e"},  {"o", "n"},  {"_t", "he"}, {"e", "r"},
    {"_", "s"},  {"a", "t"},   {"_", "w"},   {"_", "o"}, {"e", "n"},  {"_", "c"},  {"i", "t"},   {"i", "s"},
    {"a", "n"},  {"o", "r"},   {"e", "s"},   {"_", "b"}, {"e", "d"},  {"_", "f"},  {"in", "g"},  {"_", "p"},
    {"o", "u"},  {"_a", "n"},  {"a", "l"},   {"a", "r"}, {"_t", "o"}, {"_", "m"},  {"_o", "f"},  {"_", "in"},
    {"_", "d"},  {"_", "h"},   {"_an", "d"}, {"i", "c"}, {"a", "s"},  {"l", "e"},  {"_t", "h"},  {"i", "on"},
    {"o", "m"},  {"l", "l"},   {"en", "t"},  {"_", "n"}, {"_", "l"},  {"s", "t"},  {"_", "re"},  {"v", "e"},
    {"_", "is"}, {"_w", "as"}, {"_h", "e"},  {"_", "I"}, {"l", "y"},  {"_s", "e"}, {"_n", "o"},  {"_w", "e"},
};

std::string with_space_as(std::string_view piece, std::string_view space) {
  std::string text;
  for (const char c : piece) {
    if (c == '_') {
      text += space;
    } else {
      text += c;
    }
  }
  return text;
}

// A code point below 2^11 in UTF-8.
std::string utf8(uint32_t code_point) {
  if (code_point < 0x80) return std::string(1, static_cast<char>(code_point));
  return {static_cast<char>(0xc0 | code_point >> 6), static_cast<char>(0x80 | (code_point & 0x3f))};
}

// The printable characters by which byte-level BPE writes bytes: visible Latin-1 characters stand for
// themselves, the other bytes, in ascending order, are written U+0100, U+0101, ... (GPT-2's convention).
std::vector<std::string> byte_alphabet() {
  std::vector<std::string> alphabet;
  uint32_t next = 0x100;
  for (uint32_t byte = 0; byte < 256; ++byte) {
    const bool visible = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte != 0xad);
    alphabet.push_back(utf8(visible ? byte : next++));
  }
  return alphabet;
}

uint32_t add(Vocabulary& vocabulary, std::string token, int32_t type, float score = 0.0f) {
  vocabulary.tokens.push_back(std::move(token));
  vocabulary.types.push_back(type);
  vocabulary.scores.push_back(score);
  return static_cast<uint32_t>(vocabulary.tokens.size() - 1);
}

void set(gguf::Writer& writer, std::string_view key, const gguf::Value& value) {
  RIPOSTE_CHECK(writer.set(key, value).has_value());
}

gguf::Array views(const std::vector<std::string>& strings) {
  return gguf::Array(std::vector<std::string_view>(strings.begin(), strings.end()));
}

}  // namespace

Vocabulary byte_level_bpe(std::string pre) {
  Vocabulary vocabulary;
  vocabulary.model = "gpt2";
  vocabulary.pre = std::move(pre);
  const std::vector<std::string> alphabet = byte_alphabet();
  for (const std::string& letter : alphabet) add(vocabulary, letter, kNormal);
  const std::string& space = alphabet[' '];
  for (const auto& [left, right] : kMerges) {
    const std::string first = with_space_as(left, space);
    const std::string second = with_space_as(right, space);
    vocabulary.merges.push_back(first + " " + second);
    add(vocabulary, first + second, kNormal);
  }
  vocabulary.bos = vocabulary.padding = add(vocabulary, "<|endoftext|>", kControl);
  add(vocabulary, "<|im_start|>", kControl);
  vocabulary.eos = add(vocabulary, "<|im_end|>", kControl);
  add(vocabulary, "<tool_call>", kUserDefined);
  return vocabulary;
}

Vocabulary sentence_piece(bool adds_space_prefix) {
  constexpr float kNever = -1000.0f;  // the score of what no merge may produce
  Vocabulary vocabulary;
  vocabulary.model = "llama";
  vocabulary.pre = "default";
  vocabulary.adds_bos = true;
  vocabulary.adds_space_prefix = adds_space_prefix;
  vocabulary.padding = add(vocabulary, "<pad>", kControl, kNever);
  vocabulary.eos = add(vocabulary, "<eos>", kControl, kNever);
  vocabulary.bos = add(vocabulary, "<bos>", kControl, kNever);
  add(vocabulary, "<unk>", kControl, kNever);
  add(vocabulary, "<start_of_turn>", kControl, kNever);
  add(vocabulary, "<end_of_turn>", kControl, kNever);
  add(vocabulary, "\n", kUserDefined, kNever);
  for (int byte = 0; byte < 256; ++byte) add(vocabulary, fmt::format("<0x{:02X}>", byte), kByte, kNever);

  // The score of a piece is the rank of its merge; single characters, which are never merged into being, come
  // last.
  const std::string space = "\u2581";
  float rank = 0.0f;
  for (const auto& [left, right] : kMerges) {
    add(vocabulary, with_space_as(left, space) + with_space_as(right, space), kNormal, -rank);
    rank += 1.0f;
  }
  add(vocabulary, space, kNormal, -rank);
  for (char c = '!'; c <= '~'; ++c) add(vocabulary, std::string(1, c), kNormal, -(rank += 1.0f));
  return vocabulary;
}

void Vocabulary::add_unused(int32_t count) {
  for (int32_t i = 0; i < count; ++i) add(*this, fmt::format("<unused{}>", i), kUnused, -1000.0f);
}

void Vocabulary::write(gguf::Writer& writer) const {
  set(writer, "tokenizer.ggml.model", std::string_view(model));
  set(writer, "tokenizer.ggml.pre", std::string_view(pre));
  set(writer, "tokenizer.ggml.tokens", views(tokens));
  set(writer, "tokenizer.ggml.token_type", gguf::Array(types));
  if (model == "llama") {
    set(writer, "tokenizer.ggml.scores", gguf::Array(scores));
    set(writer, "tokenizer.ggml.unknown_token_id", uint32_t{3});
  } else {
    set(writer, "tokenizer.ggml.merges", views(merges));
  }
  set(writer, "tokenizer.ggml.bos_token_id", bos);
  set(writer, "tokenizer.ggml.eos_token_id", eos);
  set(writer, "tokenizer.ggml.padding_token_id", padding);
  set(writer, "tokenizer.ggml.add_bos_token", adds_bos);
  set(writer, "tokenizer.ggml.add_eos_token", false);
  set(writer, "tokenizer.ggml.add_space_prefix", adds_space_prefix);
}

}  // namespace riposte::support
