#include "api/served_model.h"

#include <algorithm>

namespace riposte::api {

bool is_called(std::string_view asked, std::string_view name, std::span<const std::string> aliases) {
  constexpr std::string_view kLatest = ":latest";
  if (asked == name || std::ranges::find(aliases, asked) != aliases.end()) return true;
  return asked.ends_with(kLatest) && is_called(asked.substr(0, asked.size() - kLatest.size()), name, aliases);
}

}  // namespace riposte::api
