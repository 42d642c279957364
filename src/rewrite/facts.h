// What must survive a rewrite: numbers, names, links and placeholders, found by rules that see no meaning.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/marked_text.h"

namespace riposte::rewrite {

using tokenizer::ByteRange;

enum class FactKind {
  kNumber,       // "42", "3.5", "1,000", "12:30"
  kName,         // see find_facts
  kLink,         // "https://...", "www...", "someone@example.org"
  kPlaceholder,  // "{name}", "{{ name }}", "${NAME}", "%s", "%(name)s", "<b>"
};

struct Fact {
  FactKind kind = FactKind::kNumber;
  ByteRange where;
  friend bool operator==(const Fact&, const Fact&) = default;
};

// In ascending order, not overlapping. Names are words with a capital letter behind their first letter
// ("NATO", "McDonald"); in English also words that begin with one, but not at the beginning of a sentence. In
// German every noun does. A text without a small letter has no names.
std::vector<Fact> find_facts(std::string_view text, std::string_view language);

// A fact that the rewrite lost, or one that it made up.
struct Concern {
  FactKind kind = FactKind::kNumber;
  bool added = false;  // `where` is a place of the result; else of the source
  ByteRange where;
  friend bool operator==(const Concern&, const Concern&) = default;
};

// Facts of the source that the result has fewer times, and numbers, links and placeholders of the result that
// the source has nowhere. A name survives if it is there at all: another mention may have become "she".
// Numbers are compared without their thousands separators.
std::vector<Concern> compare_facts(std::string_view source, std::string_view result,
                                   std::string_view language);

std::string_view name_of(FactKind kind);  // "number", "name", "link", "placeholder"

}  // namespace riposte::rewrite
