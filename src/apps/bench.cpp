#include "apps/bench.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <system_error>

#include "apps/ceilings_file.h"
#include "apps/home.h"
#include "apps/output.h"
#include "kernels/peak.h"

namespace riposte::apps {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// "riposte bench step --rows 1,2": what was typed, without the folder that the program lies in.
std::string command_line() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::string words(std::istreambuf_iterator<char>(file), {});
  while (!words.empty() && words.back() == '\0') words.pop_back();
  std::replace(words.begin(), words.end(), '\0', ' ');
  const size_t first = std::min(words.find(' '), words.size());
  return "riposte" + words.substr(first);
}

// "AMD EPYC 9R14" with two threads: "amd-epyc-9r14-2".
std::string file_name_of(const hardware::Ceilings& ceilings) {
  std::string name;
  for (const char letter : ceilings.processor) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x80 && std::isalnum(byte) != 0) {
      name += static_cast<char>(std::tolower(byte));
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  if (!name.empty() && name.back() != '-') name += '-';
  return name + std::to_string(ceilings.threads);
}

}  // namespace

fs::path machine_file() {
  return home_directory() / "state" / "machine.json";
}

hardware::Ceilings ceilings_of_now(hardware::ThreadTeam& team) {
  const auto loops = kernels::available_peak_loops();
  hardware::Ceilings ceilings = find_ceilings(machine_file(), team, loops);
  ceilings.memory = hardware::measure_memory(team, loops.front());
  return ceilings;
}

Spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  const double median = values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
  return {.median = median, .least = values.front(), .most = values.back()};
}

CeilingShare nearer_ceiling(const hardware::Ceilings& ceilings, std::string_view instruction_set,
                            double bytes, double multiplications, double seconds) {
  const auto working_set = static_cast<size_t>(bytes);
  const double reading = bytes / 1e9 / ceilings.read_rate(working_set, ceilings.threads) / seconds;
  const double multiplying =
      multiplications / 1e9 / ceilings.rates_of(instruction_set)->int8.all_threads / seconds;
  if (multiplying > reading) return {"int8", multiplying};
  return {working_set > ceilings.caches.l3 ? "memory" : "cache", reading};
}

void add_record_options(CLI::App& command, RecordOptions& options) {
  command
      .add_option(
          "--record", options.folder,
          "append the figures, one line of JSON, to a file of this machine's name in FOLDER, for example "
          "bench/results")
      ->type_name("FOLDER");
  command.add_flag("--json", options.as_json, "as one JSON object");
}

Result<void> append_record(const fs::path& folder, const hardware::Ceilings& ceilings,
                           const json::object& figures) {
  json::error_code unreadable;
  const json::object record{{"date", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)))},
                            {"version", RIPOSTE_VERSION},
                            {"command", command_line()},
                            {"machine", json::parse(to_json(ceilings), unreadable)},
                            {"figures", figures}};
  std::error_code ignored;  // whatever is wrong with the folder, opening the file says it
  fs::create_directories(folder, ignored);
  const fs::path path = folder / (file_name_of(ceilings) + ".jsonl");
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return fail(ErrorCode::kIo, "{} cannot be written: {}", path.string(), std::strerror(errno));
  auto written = Output(file).write(json::serialize(record) + "\n");
  ::close(file);
  if (!written) return tl::unexpected(written.error().within(path.string()));
  return {};
}

}  // namespace riposte::apps
