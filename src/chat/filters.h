// The filters of Jinja, `value | name(arguments)`, by name.
#pragma once

#include <string_view>

#include "chat/value.h"

namespace riposte::chat {

struct Filter {
  std::string_view name;
  Method apply;
};

const Filter* find_filter(std::string_view name);  // null if there is no such filter

// The parts of the table, one per file.
std::span<const Filter> text_filters();
std::span<const Filter> sequence_filters();
std::span<const Filter> selection_filters();
std::span<const Filter> number_filters();

}  // namespace riposte::chat
