#include "drafting/edits.h"

#include <algorithm>

namespace riposte::drafting {
namespace {

constexpr float kCase = 0.4f;
constexpr float kSimilar = 0.9f;
constexpr float kReplaced = 1.3f;
constexpr float kOtherKind = 2.2f;
constexpr float kMark = 0.7f;  // put in or left out
constexpr float kWord = 1.0f;

float cost_of(const Word& word) {
  return word.kind == WordKind::kMark ? kMark : kWord;
}

bool is_copy(const Word& a, const Word& b) {
  return a.hash == b.hash && same_ignoring_case(a.text, b.text);
}
bool is_similar(const Word& a, const Word& b) {
  return a.kind == WordKind::kLetters && b.kind == WordKind::kLetters && are_similar(a.text, b.text);
}

float cost_of(const Word& from, const Word& to) {
  if (is_copy(from, to)) return from.text == to.text ? 0.0f : kCase;
  if (from.kind != to.kind) return kOtherKind;
  return is_similar(from, to) ? kSimilar : kReplaced;
}

}  // namespace

std::vector<Edit> edits_between(const Words& source, const Words& output) {
  const size_t rows = source.size() + 1;
  const size_t columns = output.size() + 1;
  if (source.size() > kMostEditWords || output.size() > kMostEditWords) return {};
  std::vector<float> cost(rows * columns);  // of the first i source words becoming the first j output words
  const auto at = [&](size_t i, size_t j) -> float& { return cost[i * columns + j]; };
  for (size_t i = 1; i < rows; ++i) at(i, 0) = at(i - 1, 0) + cost_of(source[i - 1]);
  for (size_t j = 1; j < columns; ++j) at(0, j) = at(0, j - 1) + cost_of(output[j - 1]);
  for (size_t i = 1; i < rows; ++i) {
    for (size_t j = 1; j < columns; ++j) {
      at(i, j) = std::min({at(i - 1, j - 1) + cost_of(source[i - 1], output[j - 1]),
                           at(i - 1, j) + cost_of(source[i - 1]), at(i, j - 1) + cost_of(output[j - 1])});
    }
  }
  // Back from the end; each step is the one that its cost came from.
  std::vector<Edit> edits;
  bool touching = false;  // the edit before (behind it in the text) may be joined
  for (size_t i = rows - 1, j = columns - 1; i > 0 || j > 0;) {
    const bool paired =
        i > 0 && j > 0 && at(i, j) == at(i - 1, j - 1) + cost_of(source[i - 1], output[j - 1]);
    const bool dropped = !paired && i > 0 && at(i, j) == at(i - 1, j) + cost_of(source[i - 1]);
    if (paired && is_copy(source[i - 1], output[j - 1])) {
      touching = false;
      --i;
      --j;
      continue;
    }
    const bool alone = paired && is_similar(source[i - 1], output[j - 1]);
    Edit edit{.source_end = static_cast<int32_t>(i), .output_end = static_cast<int32_t>(j)};
    if (paired || dropped) --i;
    if (paired || !dropped) --j;
    edit.source_begin = static_cast<int32_t>(i);
    edit.output_begin = static_cast<int32_t>(j);
    if (touching && !alone) {
      edits.back().source_begin = edit.source_begin;
      edits.back().output_begin = edit.output_begin;
    } else {
      edits.push_back(edit);
    }
    touching = !alone;
  }
  std::ranges::reverse(edits);
  return edits;
}

}  // namespace riposte::drafting
