// Which answers a rewrite is better off without: the text stays as it was in their place.
#pragma once

#include <string_view>

#include "engine/request.h"

namespace riposte::rewrite {

enum class Stray {
  kNone,         // the answer can be taken
  kLength,       // more than half as long again as the text, or less than half of it, in words: it ran away or gave up
  kNumber,       // one of the text's is missing, or there is one that the text has not
  kLink,         // the same
  kPlaceholder,  // the same
};

// The first of these that holds. Names do not count: a capital letter put right looks like one that was lost.
Stray find_stray(std::string_view source, std::string_view answer, std::string_view language);

// The same of an answer that ended for `reason`: one that was cut short strays by its length.
Stray find_stray(std::string_view source, std::string_view answer, engine::FinishReason reason, std::string_view language);

std::string_view name_of(Stray stray);  // "length", "number", "link", "placeholder"; "" for kNone

}  // namespace riposte::rewrite
