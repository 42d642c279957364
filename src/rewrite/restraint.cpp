#include "rewrite/restraint.h"

#include <algorithm>

#include "rewrite/facts.h"
#include "rewrite/units.h"

namespace riposte::rewrite {
namespace {

constexpr int64_t kWordsMore = 4;  // beyond half as many again: a short text may need them

int64_t count_words(std::string_view text) {
  return std::ranges::count(split_units(text), UnitKind::kWord, &Unit::kind);
}

Stray stray_of(FactKind kind) {
  switch (kind) {
    case FactKind::kNumber: return Stray::kNumber;
    case FactKind::kLink: return Stray::kLink;
    case FactKind::kPlaceholder: return Stray::kPlaceholder;
    case FactKind::kName: break;
  }
  return Stray::kNone;
}

}  // namespace

Stray find_stray(std::string_view source, std::string_view answer, std::string_view language) {
  const int64_t before = count_words(source);
  const int64_t after = count_words(answer);
  if (2 * after > 3 * before + 2 * kWordsMore || 2 * after < before) return Stray::kLength;
  for (const Concern& concern : compare_facts(source, answer, language)) {
    if (const Stray stray = stray_of(concern.kind); stray != Stray::kNone) return stray;
  }
  return Stray::kNone;
}

Stray find_stray(std::string_view source, std::string_view answer, engine::FinishReason reason, std::string_view language) {
  return reason == engine::FinishReason::kLength ? Stray::kLength : find_stray(source, answer, language);
}

std::string_view name_of(Stray stray) {
  switch (stray) {
    case Stray::kNone: return "";
    case Stray::kLength: return "length";
    case Stray::kNumber: return "number";
    case Stray::kLink: return "link";
    case Stray::kPlaceholder: return "placeholder";
  }
  return "";
}

}  // namespace riposte::rewrite
