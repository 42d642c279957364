// What kind of change an edit is for a reader.
#pragma once

#include <span>
#include <string_view>

#include "rewrite/difference.h"

namespace riposte::rewrite {

// Of the units `a` of `source` that became the units `b` of `result`.
EditCategory categorize(std::span<const Unit> a, std::string_view source, std::span<const Unit> b,
                        std::string_view result);

}  // namespace riposte::rewrite
