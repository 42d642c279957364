// riposte bench machine: the ceilings that everything else is measured against.
#include <memory>

#include "apps/bench.h"
#include "apps/ceilings_file.h"
#include "apps/output.h"
#include "kernels/peak.h"

namespace riposte::apps {
namespace {

struct Options {
  int threads = 0;
  bool fresh = false;
  RecordOptions record;
};

std::string size_text(size_t bytes) {
  if (bytes == 0) return "unknown";
  return bytes < size_t{1} << 20 ? fmt::format("{} KiB", bytes >> 10) : fmt::format("{} MiB", bytes >> 20);
}

std::string as_text(const hardware::Ceilings& ceilings) {
  std::string text = fmt::format("{}, {} threads\n\n{:<22}{:>12}{:>14}\n", ceilings.processor,
                                 ceilings.threads, "", "one thread", "all threads");
  const auto line = [&](std::string_view name, const hardware::Rate& rate, std::string_view unit) {
    text += fmt::format("{:<22}{:>12.1f}{:>14.1f}  {}\n", name, rate.one_thread, rate.all_threads, unit);
  };
  line("read memory", ceilings.memory, "GB/s");
  line(fmt::format("read L3 ({})", size_text(ceilings.caches.l3)), ceilings.l3, "GB/s");
  line(fmt::format("read L2 ({})", size_text(ceilings.caches.l2)), ceilings.l2, "GB/s");
  line(fmt::format("read L1 ({})", size_text(ceilings.caches.l1)), ceilings.l1, "GB/s");
  for (const hardware::MultiplyRates& rates : ceilings.multiply) {
    line("int8 " + rates.instruction_set, rates.int8, "GMAC/s");
  }
  for (const hardware::MultiplyRates& rates : ceilings.multiply) {
    line("float " + rates.instruction_set, rates.float32, "GFMA/s");
  }
  return text + fmt::format("{:<22}{:>26.0f}  ns\n", "barrier", ceilings.barrier_ns);
}

Result<void> run_machine(const Options& options) {
  hardware::ThreadTeam team(options.threads > 0 ? options.threads : hardware::available_processors());
  const hardware::Ceilings ceilings =
      find_ceilings(machine_file(), team, kernels::available_peak_loops(), options.fresh);
  if (!options.record.folder.empty()) {
    if (auto recorded = append_record(options.record.folder, ceilings, {}); !recorded) return recorded;
  }
  return Output::standard().write(options.record.as_json ? to_json(ceilings) + "\n" : as_text(ceilings));
}

}  // namespace

void add_bench_machine(CLI::App& bench, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = bench.add_subcommand(
      "machine", "this machine's ceilings: reading, multiplying, a barrier of all threads");
  command->add_option("--threads,-t", options->threads, "threads to measure with; 0: all processors")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  command->add_flag("--fresh", options->fresh, "measure again what is known (about three seconds)");
  add_record_options(*command, options->record);
  command->footer(
      "\nThe best of many short samples. Kept in RIPOSTE_HOME/state/machine.json until the processor, the "
      "number of\n"
      "threads or Riposte changes; the other benchmarks take their ceilings from there, but for that of "
      "memory, which\n"
      "they measure themselves.\n" +
      help_footer("  riposte bench machine\n  riposte bench machine --fresh --json"));
  command->callback([options, &run] {
    run = [options] {
      const auto done = run_machine(*options);
      return done ? kExitOk : report(done.error());
    };
  });
}

}  // namespace riposte::apps
