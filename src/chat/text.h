// Strings of a template: immutable bytes, and which of them the template itself wrote.
//
// "Trusted" bytes are literals of the template and the model's own token strings; everything that came in
// with a request is untrusted. Each operation here keeps that apart, byte by byte, however a template cuts
// and joins.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "chat/context.h"
#include "tokenizer/marked_text.h"

namespace riposte::chat {

enum class Trust : uint8_t { kNone, kAll, kMixed };

struct Text {
  std::string_view bytes;  // UTF-8
  Trust trust = Trust::kNone;
  std::span<const tokenizer::ByteRange> trusted;  // only for kMixed: ascending, not touching

  static Text own(std::string_view bytes) { return {bytes, Trust::kAll, {}}; }
  static Text foreign(std::string_view bytes) { return {bytes, Trust::kNone, {}}; }
};

// The bytes [begin, end) with their marks; shares the memory of `text`.
Text slice(Context& context, const Text& text, size_t begin, size_t end);
Text concatenate(Context& context, std::span<const Text> parts);
Text repeat(Context& context, const Text& text, size_t count);

// Text that grows: the output of a template, of a macro, of a filter that rebuilds a string.
class TextBuilder {
 public:
  explicit TextBuilder(Context& context) : context_(context) {}

  void append(const Text& text);
  void append_own(std::string_view bytes);
  void append_foreign(std::string_view bytes);

  size_t size() const { return marked_.text.size(); }
  Text finish();  // copied into the arena
  tokenizer::MarkedText release() { return std::move(marked_); }

 private:
  void make_room(size_t bytes);

  Context& context_;
  tokenizer::MarkedText marked_;
};

}  // namespace riposte::chat
