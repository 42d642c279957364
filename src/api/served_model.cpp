#include "api/served_model.h"

#include <algorithm>

namespace riposte::api {

bool is_called(std::string_view asked, std::string_view name, std::span<const std::string> aliases) {
  constexpr std::string_view kLatest = ":latest";
  if (asked == name || std::ranges::find(aliases, asked) != aliases.end()) return true;
  return asked.ends_with(kLatest) && is_called(asked.substr(0, asked.size() - kLatest.size()), name, aliases);
}

std::string with_adapter(std::string_view model, std::string_view adapter) {
  return std::string(model) + ":" + std::string(adapter);
}

std::vector<std::string> with_adapter(std::span<const std::string> models, std::string_view adapter) {
  std::vector<std::string> names;
  for (const std::string& model : models) names.push_back(with_adapter(model, adapter));
  return names;
}

}  // namespace riposte::api
