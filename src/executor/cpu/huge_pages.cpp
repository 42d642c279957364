#include "executor/cpu/huge_pages.h"

#include <charconv>
#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace riposte::executor {
namespace {

// "7f0000000000-7f0000200000 r--p ...": the addresses of a mapping. False for any other line.
bool parse_range(std::string_view line, uintptr_t& begin, uintptr_t& end) {
  const char* last = line.data() + line.size();
  const auto first = std::from_chars(line.data(), last, begin, 16);
  if (first.ec != std::errc() || first.ptr == last || *first.ptr != '-') return false;
  const auto second = std::from_chars(first.ptr + 1, last, end, 16);
  return second.ec == std::errc() && second.ptr != last && *second.ptr == ' ';
}

}  // namespace

size_t huge_page_bytes(std::span<const std::byte> bytes) {
  constexpr std::string_view kField = "FilePmdMapped:";
  const auto wanted = reinterpret_cast<uintptr_t>(bytes.data());
  std::ifstream file("/proc/self/smaps");
  bool overlaps = false;
  size_t sum = 0;
  for (std::string line; std::getline(file, line);) {
    uintptr_t begin = 0, end = 0;
    if (parse_range(line, begin, end)) {
      overlaps = begin < wanted + bytes.size() && wanted < end;
    } else if (overlaps && line.starts_with(kField)) {
      const size_t digits = line.find_first_not_of(' ', kField.size());
      size_t kibibytes = 0;
      if (digits != std::string::npos)
        std::from_chars(line.data() + digits, line.data() + line.size(), kibibytes);
      sum += kibibytes << 10;
    }
  }
  return sum;
}

}  // namespace riposte::executor
