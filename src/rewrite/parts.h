// A text cut into the parts that are requests of their own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "rewrite/difference.h"
#include "rewrite/lean.h"

namespace riposte::rewrite {

// Of all texts of a request, beside one of each; neighbours go together beyond.
inline constexpr size_t kMaxSentences = 64;

// A text and the parts of it that the model sees, one after another; all else stands in the result as it is.
struct CutText {
  std::string text;
  std::vector<ByteRange> parts;  // at least one
  bool edges_are_read = false;   // the model sees the white space around a part, and its own counts

  std::string_view part_text(size_t index) const {
    return std::string_view(text).substr(parts[index].begin, parts[index].end - parts[index].begin);
  }
};

struct Cut {
  LeanRules lean = {};
  bool by_sentence = false;  // else its prose, as `lean` leaves it
  std::string_view language = "en";
  size_t most = 1 + kMaxSentences;  // parts
};

// `text` is not blank.
CutText cut_text(std::string text, const Cut& cut);

}  // namespace riposte::rewrite
