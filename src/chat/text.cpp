#include "chat/text.h"

#include <algorithm>
#include <cstring>

namespace riposte::chat {

using tokenizer::ByteRange;

namespace {

// Fills in marks that turned out to be uniform, so that later operations take their short path.
Text with_marks(std::string_view bytes, std::span<const ByteRange> trusted) {
  if (trusted.empty()) return Text::foreign(bytes);
  if (trusted.size() == 1 && trusted[0].begin == 0 && trusted[0].end == bytes.size()) return Text::own(bytes);
  return {bytes, Trust::kMixed, trusted};
}

}  // namespace

Text slice(Context& context, const Text& text, size_t begin, size_t end) {
  const std::string_view bytes = text.bytes.substr(begin, end - begin);
  if (text.trust != Trust::kMixed) return {bytes, text.trust, {}};
  context.charge(text.trusted.size() / 8);
  ArenaVector<ByteRange> kept;
  for (const ByteRange& range : text.trusted) {
    const size_t from = std::max(range.begin, begin), to = std::min(range.end, end);
    if (from < to) kept.push_back(context.arena, {from - begin, to - begin});
  }
  return with_marks(bytes, kept.view());
}

Text concatenate(Context& context, std::span<const Text> parts) {
  size_t size = 0;
  bool all = true, none = true;
  for (const Text& part : parts) {
    size += part.bytes.size();
    if (part.bytes.empty()) continue;
    all &= part.trust == Trust::kAll;
    none &= part.trust == Trust::kNone;
  }
  if (size == 0) return Text::own({});
  context.charge_bytes(size);
  char* target = static_cast<char*>(context.arena.allocate(size));
  const std::string_view bytes{target, size};
  for (const Text& part : parts) {
    if (part.bytes.empty()) continue;
    std::memcpy(target, part.bytes.data(), part.bytes.size());
    target += part.bytes.size();
  }
  if (all) return Text::own(bytes);
  if (none) return Text::foreign(bytes);

  ArenaVector<ByteRange> marks;
  const auto mark = [&](size_t begin, size_t end) {
    if (marks.size() > 0 && (marks.end() - 1)->end == begin) {
      (marks.end() - 1)->end = end;
    } else {
      marks.push_back(context.arena, {begin, end});
    }
  };
  size_t at = 0;
  for (const Text& part : parts) {
    if (part.trust == Trust::kAll && !part.bytes.empty()) mark(at, at + part.bytes.size());
    if (part.trust == Trust::kMixed) {
      context.charge(part.trusted.size() / 8);
      for (const ByteRange& range : part.trusted) mark(at + range.begin, at + range.end);
    }
    at += part.bytes.size();
  }
  return with_marks(bytes, marks.view());
}

Text repeat(Context& context, const Text& text, size_t count) {
  if (count == 0 || text.bytes.empty()) return Text::own({});
  if (count > context.limits.max_memory_bytes / text.bytes.size()) context.arena.charge(SIZE_MAX);
  context.charge(count / 8);
  TextBuilder builder(context);
  for (size_t i = 0; i < count; ++i) builder.append(text);
  return builder.finish();
}

void TextBuilder::make_room(size_t bytes) {
  if (bytes > context_.limits.max_output_bytes - marked_.text.size()) {
    raise(ErrorCode::kTooLarge, "writes more than {} bytes", context_.limits.max_output_bytes);
  }
  context_.charge_bytes(bytes);
  context_.arena.charge(bytes);
}

void TextBuilder::append(const Text& text) {
  switch (text.trust) {
    case Trust::kAll:
      return append_own(text.bytes);
    case Trust::kNone:
      return append_foreign(text.bytes);
    case Trust::kMixed:
      break;
  }
  context_.arena.charge(text.trusted.size() * sizeof(ByteRange));
  size_t at = 0;
  for (const ByteRange& range : text.trusted) {
    append_foreign(text.bytes.substr(at, range.begin - at));
    append_own(text.bytes.substr(range.begin, range.end - range.begin));
    at = range.end;
  }
  append_foreign(text.bytes.substr(at));
}

void TextBuilder::append_own(std::string_view bytes) {
  make_room(bytes.size());
  marked_.append_trusted(bytes);
}

void TextBuilder::append_foreign(std::string_view bytes) {
  make_room(bytes.size());
  marked_.append_untrusted(bytes);
}

Text TextBuilder::finish() {
  const std::string_view bytes = context_.arena.copy(marked_.text);
  if (bytes.empty()) return Text::own({});
  return with_marks(bytes, context_.arena.copy(marked_.trusted));
}

}  // namespace riposte::chat
