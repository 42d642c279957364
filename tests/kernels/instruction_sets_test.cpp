// Which instruction sets are found: without this a comparison of none would pass too.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "kernels/ops.h"

namespace riposte::kernels {
namespace {

using Names = std::vector<std::string>;

Names words_of(const std::string& line) {
  std::istringstream words(line);
  return Names(std::istream_iterator<std::string>(words), {});
}

// What /proc/cpuinfo says of the first processor, as another witness than the one that dispatch asks.
std::set<std::string> flags_of_the_system() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("flags") || line.starts_with("Features")) {
      const Names words = words_of(line.substr(line.find(':') + 1));
      return {words.begin(), words.end()};
    }
  }
  return {};
}

TEST(InstructionSets, those_found_are_those_that_the_processor_has_the_best_first) {
  Names expected;
  // An emulator passes on the file of the machine below it: who runs the test there names what must be found.
  if (const char* emulated = std::getenv("RIPOSTE_EXPECTED_KERNELS")) {
    expected = words_of(emulated);
  } else {
    const auto flags = flags_of_the_system();
    if (flags.empty()) GTEST_SKIP() << "/proc/cpuinfo does not list instruction sets";
    const auto has = [&](const char* flag) { return flags.contains(flag); };
#if defined(__x86_64__)
    const bool avx2 = has("avx2") && has("fma") && has("f16c");
    const bool avx512 = avx2 && has("avx512f") && has("avx512bw") && has("avx512vl") && has("avx512dq");
    if (avx512 && has("avx512_vnni")) expected = {"avx512_vnni", "avx512_vnni_256"};
    if (avx512) expected.push_back("avx512");
    if (avx2 && has("avx_vnni")) expected.push_back("avx_vnni");
    if (avx2) expected.push_back("avx2");
#elif defined(__aarch64__)
    if (has("asimddp") && has("i8mm")) expected.push_back("neon_i8mm");
    if (has("asimddp")) expected.push_back("neon_dotprod");
#endif
    expected.push_back("reference");
  }
  Names found;
  for (const Kernels* kernels : available_kernels()) found.emplace_back(kernels->name);
  EXPECT_EQ(expected, found);
}

TEST(InstructionSets, each_is_found_by_its_name_and_no_name_means_the_best) {
  for (const Kernels* kernels : available_kernels()) EXPECT_EQ(kernels, find_kernels(kernels->name).value());
  EXPECT_EQ(available_kernels().front(), find_kernels("").value());
}

TEST(InstructionSets, an_unknown_name_is_answered_with_those_that_there_are) {
  const auto found = find_kernels("mmx");
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(ErrorCode::kUnsupported, found.error().code);
  EXPECT_NE(std::string::npos, found.error().message.find("mmx"));
  EXPECT_NE(std::string::npos, found.error().message.find("reference"));
}

}  // namespace
}  // namespace riposte::kernels
