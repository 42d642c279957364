#include "rewrite/difference.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "rewrite/edit_category.h"

namespace riposte::rewrite {
namespace {

// Units in a row that show that the result is back at the source: three words with the spaces between them.
constexpr size_t kReturnUnits = 5;
// Beyond this many cells the table of an alignment would cost more than it tells: all is one edit then.
constexpr size_t kMaxCells = size_t{4} << 20;

using Units = std::span<const Unit>;

// What it is worth that a unit stays: a word more than signs and spaces, which are found everywhere.
uint32_t worth(UnitKind kind) {
  switch (kind) {
    case UnitKind::kWord:
      return 6;
    case UnitKind::kSign:
      return 2;
    case UnitKind::kSpace:
      break;
  }
  return 1;
}

// A stretch of source units and the result units that stand for it.
struct Stretch {
  size_t source_begin, source_end, result_begin, result_end;
};

// Where the two differ: the gaps of a heaviest common subsequence, in ascending order. Offsets are indices
// into the two spans.
std::vector<Stretch> gaps(std::string_view source, Units a, std::string_view result, Units b) {
  if (a.empty() && b.empty()) return {};
  if (a.size() + 1 > kMaxCells / (b.size() + 1)) return {{0, a.size(), 0, b.size()}};
  // best[i][j]: the worth of what can stay of a[i..] and b[j..].
  const size_t width = b.size() + 1;
  std::vector<uint32_t> best((a.size() + 1) * width, 0);
  const auto equal = [&](size_t i, size_t j) { return a[i].in(source) == b[j].in(result); };
  for (size_t i = a.size(); i-- > 0;) {
    for (size_t j = b.size(); j-- > 0;) {
      uint32_t most = std::max(best[(i + 1) * width + j], best[i * width + j + 1]);
      if (equal(i, j)) most = std::max(most, best[(i + 1) * width + j + 1] + worth(a[i].kind));
      best[i * width + j] = most;
    }
  }
  std::vector<Stretch> found;
  size_t i = 0, j = 0;
  Stretch open{0, 0, 0, 0};
  const auto close = [&] {
    open.source_end = i;
    open.result_end = j;
    if (open.source_begin < i || open.result_begin < j) found.push_back(open);
  };
  while (i < a.size() && j < b.size()) {
    const uint32_t here = best[i * width + j];
    if (equal(i, j) && here == best[(i + 1) * width + j + 1] + worth(a[i].kind)) {
      close();
      ++i, ++j;
      open = {i, i, j, j};
    } else if (here == best[(i + 1) * width + j]) {
      ++i;
    } else {
      ++j;
    }
  }
  i = a.size();
  j = b.size();
  close();
  return found;
}

bool is_one_word(Units units, size_t begin, size_t end) {
  return end == begin + 1 && units[begin].kind == UnitKind::kWord;
}

// Gaps with nothing but a space between them are one change to a reader ("in the evening" to "at night"),
// unless both put one word in the place of one word.
std::vector<Stretch> joined(std::vector<Stretch> found, Units a, Units b) {
  const auto word_for_word = [&](const Stretch& gap) {
    return is_one_word(a, gap.source_begin, gap.source_end) &&
           is_one_word(b, gap.result_begin, gap.result_end);
  };
  std::vector<Stretch> result;
  for (const Stretch& gap : found) {
    if (!result.empty()) {
      Stretch& last = result.back();
      const bool one_space =
          gap.source_begin == last.source_end + 1 && a[last.source_end].kind == UnitKind::kSpace;
      if (one_space && !(word_for_word(last) && word_for_word(gap))) {
        last.source_end = gap.source_end;
        last.result_end = gap.result_end;
        continue;
      }
    }
    result.push_back(gap);
  }
  return result;
}

size_t place(Units units, size_t index, size_t end_of_text) {
  return index < units.size() ? units[index].begin : end_of_text;
}

}  // namespace

Difference::Difference(std::string source)
    : source_(std::move(source)), source_units_(split_units(source_)) {}

// Makes the units of the result that can no longer change available, or all of them.
void Difference::read_units(size_t uncertain) {
  const size_t known = result_units_.size();
  split_units(result_, known == 0 ? 0 : result_units_.back().end, result_units_);
  const size_t added = result_units_.size() - known;
  result_units_.resize(known + added - std::min(uncertain, added));
}

// The result's unit read_ is the next. True if the result is at the source again behind it: at returned_to_.
bool Difference::came_back() {
  const size_t end = read_ + 1;
  if (end - next_result_ < kReturnUnits) return false;
  const auto last = result_units_.begin() + static_cast<ptrdiff_t>(end - kReturnUnits);
  const auto found = std::search(
      source_units_.begin() + static_cast<ptrdiff_t>(next_source_), source_units_.end(), last,
      last + kReturnUnits, [this](const Unit& a, const Unit& b) { return a.in(source_) == b.in(result_); });
  if (found == source_units_.end()) return false;
  returned_to_ = static_cast<size_t>(found - source_units_.begin()) + kReturnUnits;
  // Words with spaces between; a row of signs may stand anywhere.
  return std::count_if(found, found + kReturnUnits,
                       [](const Unit& unit) { return unit.kind == UnitKind::kWord; }) >= 3;
}

void Difference::close(size_t source_end, size_t result_end, std::vector<Edit>& out) {
  const Units a = Units(source_units_).subspan(next_source_, source_end - next_source_);
  const Units b = Units(result_units_).subspan(next_result_, result_end - next_result_);
  const size_t a_end = place(source_units_, source_end, source_.size());
  const size_t b_end = place(result_units_, result_end, result_.size());
  for (const Stretch& gap : joined(gaps(source_, a, result_, b), a, b)) {
    Edit edit;
    edit.source = {place(a, gap.source_begin, a_end), place(a, gap.source_end, a_end)};
    edit.result = {place(b, gap.result_begin, b_end), place(b, gap.result_end, b_end)};
    edit.kind = edit.source.begin == edit.source.end   ? EditKind::kInsert
                : edit.result.begin == edit.result.end ? EditKind::kDelete
                                                       : EditKind::kReplace;
    edit.category = categorize(a.subspan(gap.source_begin, gap.source_end - gap.source_begin), source_,
                               b.subspan(gap.result_begin, gap.result_end - gap.result_begin), result_);
    out.push_back(edit);
  }
  next_source_ = source_end;
  next_result_ = result_end;
}

void Difference::read(size_t uncertain, std::vector<Edit>& out) {
  read_units(uncertain);
  for (; read_ < result_units_.size(); ++read_) {
    const bool nothing_open = read_ == next_result_;
    if (nothing_open && next_source_ < source_units_.size() &&
        source_units_[next_source_].in(source_) == result_units_[read_].in(result_)) {
      ++next_source_;
      ++next_result_;
    } else if (came_back()) {
      close(returned_to_, read_ + 1, out);
    }
  }
}

void Difference::push(std::string_view text, std::vector<Edit>& out) {
  result_ += text;
  read(kUncertainUnits, out);
}

void Difference::finish(std::vector<Edit>& out) {
  read(0, out);
  close(source_units_.size(), result_units_.size(), out);
}

std::vector<Edit> difference(std::string_view source, std::string_view result) {
  std::vector<Edit> edits;
  Difference whole{std::string(source)};
  whole.push(result, edits);
  whole.finish(edits);
  return edits;
}

std::string apply(std::string_view source, std::string_view result, std::span<const Edit> edits) {
  std::string made;
  size_t copied = 0;
  for (const Edit& edit : edits) {
    made += source.substr(copied, edit.source.begin - copied);
    made += result.substr(edit.result.begin, edit.result.end - edit.result.begin);
    copied = edit.source.end;
  }
  made += source.substr(copied);
  return made;
}

std::string_view name_of(EditKind kind) {
  switch (kind) {
    case EditKind::kInsert:
      return "insert";
    case EditKind::kDelete:
      return "delete";
    case EditKind::kReplace:
      break;
  }
  return "replace";
}

std::string_view name_of(EditCategory category) {
  switch (category) {
    case EditCategory::kSpacing:
      return "spacing";
    case EditCategory::kPunctuation:
      return "punctuation";
    case EditCategory::kCase:
      return "case";
    case EditCategory::kForm:
      return "form";
    case EditCategory::kWording:
      break;
  }
  return "wording";
}

}  // namespace riposte::rewrite
