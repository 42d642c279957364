// riposte bench kernels: the product of packed weights with a few rows, by format, rows and instruction set,
// as the executor calls it.
#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <set>

#include "apps/bench.h"
#include "apps/output.h"
#include "base/aligned_buffer.h"
#include "executor/cpu/quantized_rows.h"
#include "gguf/types.h"
#include "kernels/ops.h"
#include "quant/packed.h"

namespace riposte::apps {
namespace {

namespace json = boost::json;
using gguf::TensorType;

constexpr std::array kFormats = {TensorType::kQ4_0, TensorType::kQ4_1, TensorType::kQ5_0, TensorType::kQ5_1,
                                 TensorType::kQ8_0, TensorType::kQ2_K, TensorType::kQ3_K, TensorType::kQ4_K,
                                 TensorType::kQ5_K, TensorType::kQ6_K};
constexpr int32_t kMatrixRows = 4096;  // of each matrix where there are many: about a layer's

struct Options {
  std::string instruction_set;
  std::vector<std::string> formats;
  std::vector<int32_t> rows = {1, 2, 4, 8, 12, 16, 32};
  std::vector<std::string> from = {"memory", "cache"};
  int32_t columns = 1536;
  int threads = 0;
  int milliseconds = 20;
  RecordOptions record;
};

// Random bytes are valid blocks of every format. Their values do not matter for time if they stay finite, so
// the bits that would make a half precision number large are left out.
std::vector<std::byte> random_source(TensorType type, int32_t rows, int32_t columns) {
  const gguf::BlockShape block = gguf::block_shape(type);
  std::vector<std::byte> source(static_cast<size_t>(rows) * static_cast<size_t>(columns) / block.elements *
                                block.bytes);
  std::mt19937_64 random(1);
  for (std::byte& byte : source) byte = static_cast<std::byte>(random() & 0x3b);
  return source;
}

// Matrices of one format that one step after the other reads: larger together than the last cache, or small
// enough to stay in each thread's second one.
struct Weights {
  std::vector<quant::PackedMatrix> matrices;
  size_t bytes = 0;
  int64_t panels = 0;

  Weights(TensorType type, int32_t columns, bool from_memory, const hardware::CacheSizes& caches,
          hardware::ThreadTeam& team) {
    const size_t panel_bytes = quant::PanelLayout(quant::packed_format(type), columns).bytes;
    int32_t rows = kMatrixRows;
    size_t least_bytes = std::max(size_t{64} << 20, 2 * caches.l3);
    if (!from_memory) {
      const size_t cache = std::max(caches.l2, size_t{256} << 10);
      const auto panels_each = static_cast<int32_t>(std::clamp<size_t>(cache / 2 / panel_bytes, 1, 256));
      rows = panels_each * team.size() * quant::kPanelRows;
      least_bytes = 1;
    }
    const std::vector<std::byte> source = random_source(type, rows, columns);
    while (bytes < least_bytes) {
      quant::PackedMatrix& matrix = matrices.emplace_back(type, rows, columns);
      team.run([&](int worker) {
        const hardware::Share share = hardware::share_of(matrix.panels(), worker, team.size());
        matrix.pack_panels(source, share.begin, share.end);
      });
      bytes += matrix.bytes();
      panels += matrix.panels();
    }
  }
};

struct Measurement {
  std::string_view instruction_set;
  TensorType format;
  std::string_view from;
  int32_t rows;
  double panel_ns;       // one thread's time for a panel of 16 outputs
  double gb_per_second;  // of packed weights
  double gmac_per_second;
  CeilingShare ceiling;
};

void fill(executor::QuantizedRows& quantized, const kernels::Kernels& kernels, int32_t rows,
          int32_t columns) {
  quantized.reset(rows);
  std::vector<float> values(static_cast<size_t>(columns));
  std::mt19937_64 random(2);
  for (int32_t row = 0; row < rows; ++row) {
    for (float& value : values) value = static_cast<float>(random() & 0xffff) / 65536 - 0.5f;
    quantized.set(kernels, row, 0, values.data(), columns, /*all_second=*/false);
  }
}

// Seconds for one pass of all threads over the weights, the median of samples of at least a millisecond.
// `pass` is a worker's share of one. Every sample begins with a pass that is not counted: waking the team up
// can take longer than the whole sample.
double seconds_of_a_pass(hardware::ThreadTeam& team, const std::function<void(int worker)>& pass,
                         int milliseconds) {
  using Clock = std::chrono::steady_clock;
  const auto time = [&](int count) {
    Clock::time_point start, end;
    team.run([&](int worker) {
      pass(worker);
      team.barrier();
      if (worker == 0) start = Clock::now();
      for (int i = 0; i < count; ++i) pass(worker);
      team.barrier();
      if (worker == 0) end = Clock::now();
    });
    return std::chrono::duration<double>(end - start).count();
  };
  double first = time(1);
  for (int i = 0; i < 4; ++i) first = std::min(first, time(1));
  const int count = std::clamp(static_cast<int>(1e-3 / std::max(1e-7, first)), 1, 10'000);
  std::vector<double> samples;
  const auto end = Clock::now() + std::chrono::milliseconds(milliseconds);
  while (samples.size() < 5 || Clock::now() < end) samples.push_back(time(count) / count);
  return spread_of(std::move(samples)).median;
}

Measurement measure(const kernels::Kernels& kernels, TensorType type, std::string_view from,
                    const Weights& weights, int32_t rows, const Options& options,
                    const hardware::Ceilings& ceilings, hardware::ThreadTeam& team) {
  executor::QuantizedRows input(rows, options.columns, team.size());
  fill(input, kernels, rows, options.columns);
  const auto stride = static_cast<size_t>(weights.matrices.front().rows());
  AlignedBuffer<float> out(stride * static_cast<size_t>(rows));
  const auto pass = [&](int worker) {
    for (const quant::PackedMatrix& matrix : weights.matrices) {
      const hardware::Share share = hardware::share_of(matrix.panels(), worker, team.size());
      input.multiply(kernels, worker, matrix, share, out.data(), stride, /*add=*/false);
    }
  };
  const double seconds = seconds_of_a_pass(team, pass, options.milliseconds);
  const auto bytes = static_cast<double>(weights.bytes);
  const double multiplications =
      static_cast<double>(weights.panels) * quant::kPanelRows * options.columns * rows;
  return {.instruction_set = kernels.name,
          .format = type,
          .from = from,
          .rows = rows,
          .panel_ns = seconds * 1e9 * team.size() / static_cast<double>(weights.panels),
          .gb_per_second = bytes / seconds / 1e9,
          .gmac_per_second = multiplications / seconds / 1e9,
          .ceiling = nearer_ceiling(ceilings, kernels.name, bytes, multiplications, seconds)};
}

std::string as_line(const Measurement& one) {
  return fmt::format("{:<17}{:<7}{:<8}{:>5}{:>12.0f}{:>9.1f}{:>10.1f}{:>7.0f} % of {}\n", one.instruction_set,
                     gguf::name_of(one.format), one.from, one.rows, one.panel_ns, one.gb_per_second,
                     one.gmac_per_second, 100 * one.ceiling.share, one.ceiling.of);
}

json::object as_json(const Measurement& one) {
  const std::string_view format = gguf::name_of(one.format);
  return {{"instruction_set", json::string(one.instruction_set)},
          {"format", json::string(format)},
          {"from", json::string(one.from)},
          {"rows", one.rows},
          {"panel_ns", one.panel_ns},
          {"gb_per_second", one.gb_per_second},
          {"gmac_per_second", one.gmac_per_second},
          {"ceiling", json::string(one.ceiling.of)},
          {"ceiling_share", one.ceiling.share}};
}

Result<std::vector<const kernels::Kernels*>> chosen_kernels(const Options& options) {
  if (options.instruction_set == "all") {
    const auto all = kernels::available_kernels();
    return std::vector<const kernels::Kernels*>(all.begin(), all.end());
  }
  const auto one = kernels::find_kernels(options.instruction_set);
  if (!one) return pass_on(one);
  return std::vector{*one};
}

Result<void> run_kernels(const Options& options) {
  const auto kernels = chosen_kernels(options);
  if (!kernels) return pass_on(kernels);
  hardware::ThreadTeam team(options.threads > 0 ? options.threads : hardware::available_processors());
  const hardware::Ceilings ceilings = ceilings_of_now(team);
  const Output output = Output::standard();
  const auto tell = [&](const std::string& text) {
    return options.record.as_json ? Result<void>() : output.write(text);
  };
  auto told = tell(fmt::format(
      "{}, {} threads, {} inputs; memory {:.1f} GB/s\n{:<17}{:<7}{:<8}{:>5}{:>12}{:>9}{:>10}  {}\n",
      ceilings.processor, team.size(), options.columns, ceilings.memory.all_threads, "instruction set",
      "format", "from", "rows", "ns a panel", "GB/s", "GMAC/s", "nearer ceiling"));
  if (!told) return told;
  json::array figures;
  for (const TensorType type : kFormats) {
    if (!options.formats.empty() && std::ranges::count(options.formats, gguf::name_of(type)) == 0) continue;
    for (const std::string_view from : {"memory", "cache"}) {
      if (std::ranges::count(options.from, from) == 0) continue;
      const Weights weights(type, options.columns, from == "memory", ceilings.caches, team);
      for (const kernels::Kernels* set : *kernels) {
        for (const int32_t rows : options.rows) {
          const Measurement one = measure(*set, type, from, weights, rows, options, ceilings, team);
          if (told = tell(as_line(one)); !told) return told;
          figures.push_back(as_json(one));
        }
      }
    }
  }
  const json::object all{{"inputs", options.columns}, {"products", std::move(figures)}};
  if (!options.record.folder.empty()) {
    if (auto recorded = append_record(options.record.folder, ceilings, all); !recorded) return recorded;
  }
  return options.record.as_json ? output.write(json::serialize(all) + "\n") : Result<void>();
}

}  // namespace

void add_bench_kernels(CLI::App& bench, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      bench.add_subcommand("kernels", "products of packed weights with a few rows, by format");
  std::set<std::string> formats;
  for (const TensorType type : kFormats) formats.insert(std::string(gguf::name_of(type)));
  command->add_option(
      "--instruction-set", options->instruction_set,
      "one that `riposte bench machine` lists, or all; the best of this machine if not given");
  command->add_option("--formats", options->formats, "as Q4_K,Q6_K; all if not given")
      ->delimiter(',')
      ->check(CLI::IsMember(formats));
  command->add_option("--rows", options->rows, "rows of a product, as 1,8,16")
      ->delimiter(',')
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command->add_option("--from", options->from, "where the weights lie: memory, cache or both")
      ->delimiter(',')
      ->check(CLI::IsMember(std::set<std::string>{"memory", "cache"}))
      ->capture_default_str();
  command->add_option("--inputs", options->columns, "inputs of a product, a multiple of 256")
      ->check(CLI::Range(256, 65536))
      ->check([](const std::string& text) {
        return std::strtol(text.c_str(), nullptr, 10) % 256 == 0 ? std::string()
                                                                 : text + " is no multiple of 256";
      })
      ->capture_default_str();
  command->add_option("--threads,-t", options->threads, "threads that share the work; 0: all processors")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
  command->add_option("--milliseconds", options->milliseconds, "how long each product is measured")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  add_record_options(*command, options->record);
  command->footer(
      "\nThe nearer ceiling is the rate of reading (of memory, measured now; or of the cache) or that of "
      "int8\n"
      "multiplications (riposte bench machine), whichever allows less.\n" +
      help_footer("  riposte bench kernels --formats Q4_K,Q6_K --rows 1,12\n"
                  "  riposte bench kernels --instruction-set all --from cache\n"
                  "  riposte bench kernels --record bench/results"));
  command->callback([options, &run] {
    run = [options] {
      const auto done = run_kernels(*options);
      return done ? kExitOk : report(done.error());
    };
  });
}

}  // namespace riposte::apps
