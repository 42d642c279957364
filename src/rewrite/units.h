// Text cut into words, spaces and signs: what differences between two texts are told in.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace riposte::rewrite {

enum class UnitKind {
  kWord,   // letters and digits, with apostrophes, hyphens, points and commas inside: "don't", "3.5",
           // "well-known"
  kSpace,  // a run of white space
  kSign,   // any other character, alone
};

struct Unit {
  size_t begin = 0;  // bytes of the text that was cut
  size_t end = 0;
  UnitKind kind = UnitKind::kSign;

  std::string_view in(std::string_view text) const { return text.substr(begin, end - begin); }
};

// All of `text`, in order, without gaps. `text` is UTF-8; a byte that is none becomes a sign of its own. What
// is appended to the text later can change its last two units only.
std::vector<Unit> split_units(std::string_view text);
// Those from the byte `begin` on, where a unit of the whole text begins; appended to `out`.
void split_units(std::string_view text, size_t begin, std::vector<Unit>& out);

inline constexpr size_t kUncertainUnits = 2;

// Characters (code points) of UTF-8 text: what offsets outside of this program are counted in.
size_t count_characters(std::string_view text);

}  // namespace riposte::rewrite
