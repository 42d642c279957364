#include "apps/home.h"

#include <cstdlib>

namespace riposte::apps {
namespace {

const char* non_empty(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : nullptr;
}

}  // namespace

std::filesystem::path home_directory() {
  if (const char* chosen = non_empty("RIPOSTE_HOME")) return chosen;
  if (const char* cache = non_empty("XDG_CACHE_HOME")) return std::filesystem::path(cache) / "riposte";
  if (const char* user = non_empty("HOME")) return std::filesystem::path(user) / ".cache" / "riposte";
  return ".riposte";
}

std::filesystem::path models_directory() {
  return home_directory() / "models";
}
std::filesystem::path packed_directory() {
  return home_directory() / "state" / "packed";
}
std::filesystem::path snapshots_directory() {
  return home_directory() / "state" / "snapshots";
}
std::filesystem::path downloads_directory() {
  return home_directory() / "downloads";
}

}  // namespace riposte::apps
