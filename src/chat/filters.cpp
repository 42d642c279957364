#include "chat/filters.h"

namespace riposte::chat {

const Filter* find_filter(std::string_view name) {
  for (const std::span<const Filter> filters :
       {text_filters(), sequence_filters(), selection_filters(), number_filters()}) {
    for (const Filter& filter : filters) {
      if (filter.name == name) return &filter;
    }
  }
  return nullptr;
}

}  // namespace riposte::chat
