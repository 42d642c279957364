#include "rewrite/parts.h"

#include <algorithm>
#include <utility>

#include "rewrite/sentences.h"

namespace riposte::rewrite {

CutText cut_text(std::string text, const Cut& cut) {
  std::vector<ByteRange> prose = prose_of(text, cut.lean, cut.most);
  const bool edges_are_read = !cut.lean.edges && !cut.by_sentence;
  if (!cut.by_sentence) return {std::move(text), std::move(prose), edges_are_read};
  std::vector<ByteRange> parts;
  for (const auto& [begin, end] : prose) {
    auto sentences = split_sentences(std::string_view(text).substr(begin, end - begin), cut.language);
    join_parts(sentences, std::max<size_t>(1, cut.most / prose.size()));
    for (const ByteRange& sentence : sentences)
      parts.push_back({begin + sentence.begin, begin + sentence.end});
  }
  return {std::move(text), std::move(parts), edges_are_read};
}

}  // namespace riposte::rewrite
