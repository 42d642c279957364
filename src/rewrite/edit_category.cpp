#include "rewrite/edit_category.h"

#include <utf8proc.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace riposte::rewrite {
namespace {

constexpr size_t kMaxFormCharacters = 64;  // longer words are compared no further

std::string joined(std::span<const Unit> units, std::string_view text, UnitKind kind) {
  std::string joined;
  for (const Unit& unit : units) {
    if (unit.kind == kind) joined.append(unit.in(text)).append(" ");
  }
  return joined;
}

bool only_spaces(std::span<const Unit> units) {
  return std::ranges::all_of(units, [](const Unit& unit) { return unit.kind == UnitKind::kSpace; });
}

// Case folded, as code points.
std::vector<utf8proc_int32_t> folded(std::string_view text) {
  std::vector<utf8proc_int32_t> characters;
  for (size_t at = 0; at < text.size();) {
    utf8proc_int32_t code = 0;
    const auto read = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                                       static_cast<utf8proc_ssize_t>(text.size() - at), &code);
    if (read <= 0) code = 0xFFFD;
    characters.push_back(utf8proc_tolower(code));
    at += static_cast<size_t>(std::max<utf8proc_ssize_t>(read, 1));
  }
  return characters;
}

// Insertions, deletions and replacements of characters between the two (Levenshtein).
size_t distance(const std::vector<utf8proc_int32_t>& a, const std::vector<utf8proc_int32_t>& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row.back();
}

// At most half of the longer word is new: "go" and "goes", "scool" and "school", "was" and "saw".
bool is_form_of(std::string_view a, std::string_view b) {
  const auto left = folded(a), right = folded(b);
  const size_t longest = std::max(left.size(), right.size());
  return longest <= kMaxFormCharacters && 2 * distance(left, right) <= longest;
}

}  // namespace

EditCategory categorize(std::span<const Unit> a, std::string_view source, std::span<const Unit> b,
                        std::string_view result) {
  if (only_spaces(a) && only_spaces(b)) return EditCategory::kSpacing;
  const std::string before = joined(a, source, UnitKind::kWord);
  const std::string after = joined(b, result, UnitKind::kWord);
  if (before == after) return EditCategory::kPunctuation;
  if (folded(before) == folded(after)) return EditCategory::kCase;
  const auto words = [](std::span<const Unit> units) {
    return std::ranges::count(units, UnitKind::kWord, &Unit::kind);
  };
  if (words(a) == 1 && words(b) == 1 && is_form_of(before, after)) return EditCategory::kForm;
  return EditCategory::kWording;
}

}  // namespace riposte::rewrite
