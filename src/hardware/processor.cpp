#include "hardware/processor.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>

namespace riposte::hardware {
namespace {

std::string first_word(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  file >> word;
  return word;
}

// "32K", "1024K", "32M"; anything else is 0.
size_t parse_size(const std::string& text) {
  size_t value = 0, digits = 0;
  while (digits < text.size() && digits < 9 && text[digits] >= '0' && text[digits] <= '9') {
    value = value * 10 + static_cast<size_t>(text[digits++] - '0');
  }
  if (digits == 0) return 0;
  const std::string_view unit = std::string_view(text).substr(digits);
  return unit == "K" ? value << 10 : unit == "M" ? value << 20 : unit.empty() ? value : 0;
}

}  // namespace

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("model name")) continue;
    const size_t colon = line.find(':');
    if (colon != std::string::npos && colon + 2 < line.size()) return line.substr(colon + 2);
  }
  // Arm: no name, but numbers of the maker and the part.
  const std::string id = first_word("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1");
  return id.empty() ? "unknown processor" : "Arm " + id;
}

CacheSizes cache_sizes() {
  std::array<size_t, 4> levels{};
  for (int index = 0; index < 8; ++index) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index);
    const std::string level = first_word(folder + "/level");
    if (level.size() != 1 || level[0] < '1' || level[0] > '3' ||
        first_word(folder + "/type") == "Instruction")
      continue;
    size_t& size = levels[static_cast<size_t>(level[0] - '0')];
    size = std::max(size, parse_size(first_word(folder + "/size")));
  }
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  constexpr std::array<int, 4> kNames = {0, _SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE,
                                         _SC_LEVEL3_CACHE_SIZE};
  for (size_t level = 1; level < levels.size(); ++level) {
    if (levels[level] == 0) levels[level] = static_cast<size_t>(std::max(0L, sysconf(kNames[level])));
  }
#endif
  return {.l1 = levels[1], .l2 = levels[2], .l3 = levels[3]};
}

}  // namespace riposte::hardware
