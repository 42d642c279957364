// riposte bench step: what a step of so many rows costs, and where its time goes.
#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>

#include "apps/bench.h"
#include "apps/model_lookup.h"
#include "apps/output.h"
#include "apps/runtime.h"
#include "apps/sequence.h"
#include "apps/some_tokens.h"
#include "apps/step_work.h"
#include "executor/executors.h"
#include "kernels/ops.h"

namespace riposte::apps {
namespace {

namespace json = boost::json;

struct Options {
  std::string model = kDefaultModel;
  std::vector<int32_t> rows = {1, 2, 4, 8, 12, 16, 24, 32, 64, 128};
  int32_t context = 32;
  bool all_answers = false;
  bool parts = false;
  int32_t repeats = 9;
  int threads = 0;
  std::string instruction_set;
  RecordOptions record;
};

// A model with the executor under test, which adds up its times in `profile`. Members are in the order of
// their dependence.
struct Bench {
  std::shared_ptr<const model::Model> model;
  std::string name, instruction_set;
  std::unique_ptr<hardware::ThreadTeam> team;
  std::unique_ptr<executor::StepProfile> profile;
  std::unique_ptr<model::Executor> executor;
};

Result<Bench> open(const Options& options) {
  Bench bench;
  const auto path = find_model(options.model);
  if (!path) return pass_on(path);
  auto model = model::Model::open(*path);
  if (!model) return pass_on(model);
  const auto kernels = kernels::find_kernels(options.instruction_set);
  if (!kernels) return pass_on(kernels);
  bench.model = std::move(*model);
  bench.name = path->stem().string();
  bench.instruction_set = (*kernels)->name;
  bench.team = std::make_unique<hardware::ThreadTeam>(options.threads > 0 ? options.threads
                                                                          : hardware::available_processors());
  bench.profile = std::make_unique<executor::StepProfile>();
  const int32_t most_rows = std::ranges::max(options.rows);
  executor::ExecutorOptions executor_options;
  executor_options.kv_tokens = options.context + most_rows;
  executor_options.max_rows = std::max(most_rows, executor_options.max_rows);
  executor_options.max_logit_rows = options.all_answers ? most_rows : 1;
  executor_options.instruction_set = bench.instruction_set;
  executor_options.profile = options.parts ? bench.profile.get() : nullptr;
  auto made = executor::make_cpu_executor(bench.model, *bench.team, executor_options);
  if (!made) return pass_on(made);
  bench.executor = std::move(*made);
  return bench;
}

struct Measurement {
  int32_t rows;
  Spread milliseconds;
  double tokens_per_second;
  double gb_per_second;
  double gmac_per_second;
  CeilingShare ceiling;
  StepWork work;
  executor::StepProfile profile;  // of the step of median time
};

// Which of the steps took the median time (of an even number: the faster of the two in the middle).
size_t middle_of(const std::vector<double>& milliseconds) {
  std::vector<size_t> order(milliseconds.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, {}, [&](size_t step) { return milliseconds[step]; });
  return order[(order.size() - 1) / 2];
}

// One step to warm up, then `repeats` at the same positions.
Result<Measurement> measure(const Options& options, const Bench& bench, const hardware::Ceilings& ceilings,
                            int32_t rows) {
  using model::RowOutput;
  const std::vector<TokenId> tokens = some_tokens(options.context + rows, bench.model->tokenizer);
  const std::span<const TokenId> before = std::span(tokens).first(static_cast<size_t>(options.context));
  const std::span<const TokenId> step = std::span(tokens).subspan(before.size());
  Sequence sequence(*bench.executor);
  if (auto fed = sequence.feed(before, RowOutput::kNone, RowOutput::kNone, {}); !fed) return pass_on(fed);
  std::vector<double> milliseconds;
  std::vector<executor::StepProfile> profiles;
  for (int32_t repeat = -1; repeat < options.repeats; ++repeat) {
    sequence.rewind(options.context);
    *bench.profile = {};
    const auto start = std::chrono::steady_clock::now();
    const auto fed = sequence.feed(step, options.all_answers ? RowOutput::kArgmax : RowOutput::kNone,
                                   RowOutput::kArgmax, {});
    if (!fed) return pass_on(fed);
    const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
    if (repeat < 0) continue;
    milliseconds.push_back(time.count());
    profiles.push_back(*bench.profile);
  }
  Measurement one;
  one.rows = rows;
  one.profile = profiles[middle_of(milliseconds)];
  one.milliseconds = spread_of(std::move(milliseconds));
  one.work = work_of_step(*bench.model, rows, options.all_answers ? rows : 1, options.context);
  const double seconds = one.milliseconds.median / 1e3;
  const Work all = one.work.all();
  one.tokens_per_second = rows / seconds;
  one.gb_per_second = all.bytes / seconds / 1e9;
  one.gmac_per_second = all.multiplications / seconds / 1e9;
  one.ceiling = nearer_ceiling(ceilings, bench.instruction_set, all.bytes, all.multiplications, seconds);
  return one;
}

std::string as_line(const Measurement& one) {
  return fmt::format("{:>5}{:>11.2f}{:>11.2f}{:>11.2f}{:>12.1f}{:>9.1f}{:>10.1f}{:>7.0f} % of {}\n", one.rows,
                     one.milliseconds.median, one.milliseconds.least, one.milliseconds.most,
                     one.tokens_per_second, one.gb_per_second, one.gmac_per_second, 100 * one.ceiling.share,
                     one.ceiling.of);
}

struct Part {
  std::string_view name;
  double milliseconds;
  double share;         // of the step
  Work work;
  CeilingShare ceiling;  // of the work, where there is any
};

std::vector<Part> parts_of(const Measurement& one, const Bench& bench, const hardware::Ceilings& ceilings) {
  std::vector<Part> parts;
  const auto sum =
      std::accumulate(one.profile.time.begin(), one.profile.time.end(), std::chrono::nanoseconds(0));
  for (size_t index = 0; index < executor::kStepParts; ++index) {
    const std::chrono::duration<double> time = one.profile.time[index];
    if (time.count() <= 0) continue;
    const double seconds = time.count();
    const Work& work = one.work.parts[index];
    // All layers' weights together: it is they that a step reads before it comes back to the first.
    CeilingShare ceiling = nearer_ceiling(ceilings, bench.instruction_set, one.work.all().bytes, 0, 1);
    ceiling.share *= work.bytes / one.work.all().bytes / seconds;
    const CeilingShare multiplying =
        nearer_ceiling(ceilings, bench.instruction_set, 0, work.multiplications, seconds);
    if (multiplying.share > ceiling.share) ceiling = multiplying;
    parts.push_back({executor::kStepPartNames[index], seconds * 1e3,
                     time / std::chrono::duration<double>(sum), work, ceiling});
  }
  return parts;
}

// Of the output head's panels, how many screening could not rule out.
double surviving_share(const executor::StepProfile& profile) {
  return static_cast<double>(profile.surviving_panels) / static_cast<double>(profile.screened_panels);
}

std::string as_lines(const std::vector<Part>& parts, const executor::StepProfile& profile) {
  std::string text;
  for (const Part& part : parts) {
    text += fmt::format("{:>22}{:>10.3f} ms{:>6.1f} %", part.name, part.milliseconds, 100 * part.share);
    if (part.work.bytes > 0)
      text += fmt::format("{:>7.0f} % of {}", 100 * part.ceiling.share, part.ceiling.of);
    text += '\n';
  }
  text += fmt::format("{:>22}{:>10}\n", "barriers", profile.barriers);
  if (profile.screened_panels > 0) {
    text += fmt::format("{:>22}{:>10} panels, {:.2f} %\n", "head survivors", profile.surviving_panels,
                        100 * surviving_share(profile));
  }
  return text;
}

json::object as_json(const Measurement& one, const std::vector<Part>& parts) {
  json::object object{{"rows", one.rows},
                      {"milliseconds", json::object{{"median", one.milliseconds.median},
                                                    {"least", one.milliseconds.least},
                                                    {"most", one.milliseconds.most}}},
                      {"tokens_per_second", one.tokens_per_second},
                      {"gb_per_second", one.gb_per_second},
                      {"gmac_per_second", one.gmac_per_second},
                      {"ceiling", json::string(one.ceiling.of)},
                      {"ceiling_share", one.ceiling.share}};
  if (!parts.empty()) {
    json::object times;
    for (const Part& part : parts) times[part.name] = part.milliseconds;
    object["part_milliseconds"] = std::move(times);
    object["barriers"] = one.profile.barriers;
    if (one.profile.screened_panels > 0) object["surviving_share"] = surviving_share(one.profile);
  }
  return object;
}

Result<void> run_step(const Options& options) {
  const auto bench = open(options);
  if (!bench) return pass_on(bench);
  const hardware::Ceilings ceilings = ceilings_of_now(*bench->team);
  const Output output = Output::standard();
  const auto tell = [&](const std::string& text) {
    return options.record.as_json ? Result<void>() : output.write(text);
  };
  auto told = tell(
      fmt::format("{} on {}, {} threads, {}; after {} tokens, {}\nmemory {:.1f} GB/s, int8 {:.0f} GMAC/s\n"
                  "{:>5}{:>11}{:>11}{:>11}{:>12}{:>9}{:>10}  {}\n",
                  bench->name, ceilings.processor, ceilings.threads, bench->instruction_set, options.context,
                  options.all_answers ? "every row answers" : "the last row answers",
                  ceilings.memory.all_threads, ceilings.rates_of(bench->instruction_set)->int8.all_threads,
                  "rows", "median ms", "least", "most", "tokens/s", "GB/s", "GMAC/s", "nearer ceiling"));
  if (!told) return told;
  json::array steps;
  for (const int32_t rows : options.rows) {
    const auto one = measure(options, *bench, ceilings, rows);
    if (!one) return pass_on(one);
    const std::vector<Part> parts = options.parts ? parts_of(*one, *bench, ceilings) : std::vector<Part>();
    if (told = tell(as_line(*one) + (options.parts ? as_lines(parts, one->profile) : "")); !told) return told;
    steps.push_back(as_json(*one, parts));
  }
  const json::object all{{"model", bench->name},       {"instruction_set", bench->instruction_set},
                         {"context", options.context}, {"answers", options.all_answers ? "all" : "last"},
                         {"repeats", options.repeats}, {"steps", std::move(steps)}};
  if (!options.record.folder.empty()) {
    if (auto recorded = append_record(options.record.folder, ceilings, all); !recorded) return recorded;
  }
  return options.record.as_json ? output.write(json::serialize(all) + "\n") : Result<void>();
}

}  // namespace

void add_bench_step(CLI::App& bench, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = bench.add_subcommand("step", "one step of a model by its number of rows");
  command->add_option("--model,-m", options->model, "a name of the catalogue, or the path of a .gguf file")
      ->capture_default_str();
  command->add_option("--rows", options->rows, "rows of a step, as 1,8,16")
      ->delimiter(',')
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command->add_option("--context", options->context, "tokens that the step's sequence already has")
      ->check(CLI::Range(0, 1 << 20))
      ->capture_default_str();
  command->add_flag(
      "--answers", options->all_answers,
      "every row answers, as when a draft is verified; without, the last one only, as when a prompt is read");
  command->add_flag("--parts", options->parts, "where the time goes, by operation");
  command->add_option("--repeats", options->repeats, "the median of so many steps is shown")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--threads,-t", options->threads, "threads to compute with; 0: all processors")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  command->add_option("--instruction-set", options->instruction_set,
                      "one that `riposte bench machine` lists; the best of this machine if not given");
  add_record_options(*command, options->record);
  command->footer(
      "\nThe nearer ceiling: the bytes of all packed weights, keys and values over the rate of reading "
      "memory (measured\n"
      "now), or the int8 multiplications over their rate (riposte bench machine), whichever allows less.\n" +
      help_footer("  riposte bench step --model qwen --rows 1,12\n"
                  "  riposte bench step --model smollm2 --rows 8 --answers --parts\n"
                  "  riposte bench step --model gemma3 --record bench/results"));
  command->callback([options, &run] {
    run = [options] {
      const auto done = run_step(*options);
      return done ? kExitOk : report(done.error());
    };
  });
}

}  // namespace riposte::apps
