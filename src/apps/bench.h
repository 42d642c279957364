// The subcommands of `riposte bench`, one a file, and what they share: the ceilings of this machine, medians,
// records.
#pragma once

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "apps/command.h"
#include "base/result.h"
#include "hardware/ceilings.h"
#include "hardware/thread_team.h"

namespace riposte::apps {

void add_bench_machine(CLI::App& bench, Run& run);
void add_bench_kernels(CLI::App& bench, Run& run);
void add_bench_step(CLI::App& bench, Run& run);
void add_bench_identity(CLI::App& bench, Run& run);
void add_bench_drafting(CLI::App& bench, Run& run);
void add_bench_adapters(CLI::App& bench, Run& run);
// The options of `bench model MODEL`, which are those of its short form `bench MODEL` too. Returns what runs
// them.
Run add_bench_model_options(CLI::App& command);

// home/state/machine.json: the ceilings of this machine.
std::filesystem::path machine_file();

// The ceilings of this machine with this team, those of memory measured now: neighbours change them within
// minutes.
hardware::Ceilings ceilings_of_now(hardware::ThreadTeam& team);

struct Spread {
  double median = 0;
  double least = 0;
  double most = 0;
};
Spread spread_of(std::vector<double> values);  // at least one

// What limits a piece of work at best, and how close it came: 1 is the ceiling itself.
struct CeilingShare {
  std::string_view of;  // "memory", "cache" or "int8"
  double share = 0;
};
// Work of `seconds` that read `bytes` out of a working set as large and did `multiplications` in int8.
// `instruction_set` empty: the best.
CeilingShare nearer_ceiling(const hardware::Ceilings& ceilings, std::string_view instruction_set,
                            double bytes, double multiplications, double seconds);

struct RecordOptions {
  std::string folder;    // empty: nothing is recorded
  bool as_json = false;  // on standard output
};
void add_record_options(CLI::App& command, RecordOptions& options);  // --record and --json

// Appends one line of JSON to FOLDER/<machine>.jsonl: the machine, the date, the command, its figures. The
// line is written at once, so that two that record together do not mix. Errors: kIo.
Result<void> append_record(const std::filesystem::path& folder, const hardware::Ceilings& ceilings,
                           const boost::json::object& figures);

}  // namespace riposte::apps
