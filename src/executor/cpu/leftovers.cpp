#include "executor/cpu/leftovers.h"

#include <signal.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <string_view>

namespace riposte::executor {
namespace {

namespace fs = std::filesystem;

bool is_leftover(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || !name.ends_with(".partial")) return false;
  name.remove_prefix(prefix.size());
  pid_t process = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), process);
  if (error != std::errc() || process <= 0 || end == name.data() + name.size() || *end != '-') return false;
  return ::kill(process, 0) != 0 && errno == ESRCH;
}

}  // namespace

void remove_leftovers(const fs::path& path) {
  const std::string prefix = path.filename().string() + ".";
  std::error_code failed;
  fs::directory_iterator entry(path.parent_path(), failed);
  for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
    std::error_code ignored;
    if (is_leftover(entry->path().filename().string(), prefix)) fs::remove(entry->path(), ignored);
  }
}

}  // namespace riposte::executor
