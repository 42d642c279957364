// riposte bench model: tokens per second of prefill and decoding, straight through the executor.
//
// The shapes are those of llama-bench (prefill of n tokens from an empty context with one answer at the end,
// decoding token by token from an empty context), so that the figures can stand side by side.
#include <boost/json.hpp>
#include <chrono>
#include <memory>
#include <vector>

#include "apps/bench.h"
#include "apps/output.h"
#include "apps/runtime.h"
#include "apps/sequence.h"
#include "apps/some_tokens.h"
#include "hardware/processor.h"
#include "kernels/ops.h"

namespace riposte::apps {
namespace {

namespace json = boost::json;

struct Options {
  RuntimeOptions runtime;
  std::vector<int32_t> prefill = {8, 32, 128};
  int32_t decode = 64;
  int32_t repeats = 5;
  bool as_json = false;
};

struct Measurement {
  std::string name;  // "prefill 32"
  int32_t tokens;
  Spread tokens_per_second;
};

// One warm-up, then the median of `repeats`.
template <class Once>
Result<Measurement> measure(std::string name, int32_t tokens, int32_t repeats, Once&& once) {
  std::vector<double> rates;
  for (int32_t repeat = -1; repeat < repeats; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    if (auto done = once(); !done) return pass_on(done);
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    if (repeat >= 0) rates.push_back(tokens / time.count());
  }
  return Measurement{std::move(name), tokens, spread_of(std::move(rates))};
}

Result<std::vector<Measurement>> measure_all(const Options& options, const Runtime& runtime) {
  using model::RowOutput;
  std::vector<Measurement> all;
  Sequence sequence(runtime.executor());
  for (const int32_t count : options.prefill) {
    const std::vector<TokenId> tokens = some_tokens(count, runtime.tokenizer());
    auto measured = measure(fmt::format("prefill {}", count), count, options.repeats, [&] {
      sequence.clear();
      return sequence.feed(tokens, RowOutput::kNone, RowOutput::kArgmax, {});
    });
    if (!measured) return pass_on(measured);
    all.push_back(std::move(*measured));
  }
  if (options.decode > 0) {
    auto measured = measure(
        fmt::format("decode {}", options.decode), options.decode, options.repeats, [&]() -> Result<void> {
          sequence.clear();
          TokenId token = some_tokens(1, runtime.tokenizer()).front();
          for (int32_t step = 0; step < options.decode; ++step) {
            auto fed = sequence.feed(std::span(&token, 1), RowOutput::kNone, RowOutput::kArgmax,
                                     [&](const Sequence::Answer& answer) { token = answer.argmax; });
            if (!fed) return fed;
          }
          return {};
        });
    if (!measured) return pass_on(measured);
    all.push_back(std::move(*measured));
  }
  return all;
}

Result<void> run_model(const Options& options) {
  const auto runtime = Runtime::open(options.runtime);
  if (!runtime) return pass_on(runtime);
  const auto kernels = kernels::find_kernels(options.runtime.instruction_set);
  if (!kernels) return pass_on(kernels);
  const std::string arithmetic = options.runtime.executor == "cpu" ? std::string((*kernels)->name) : "plain";
  const auto measured = measure_all(options, *runtime);
  if (!measured) return pass_on(measured);
  if (options.as_json) {
    json::object rates;
    for (const Measurement& one : *measured) rates[one.name] = one.tokens_per_second.median;
    return Output::standard().write(json::serialize(json::object{{"model", runtime->name()},
                                                                 {"machine", hardware::processor_name()},
                                                                 {"threads", runtime->threads()},
                                                                 {"executor", options.runtime.executor},
                                                                 {"instruction_set", arithmetic},
                                                                 {"repeats", options.repeats},
                                                                 {"tokens_per_second", std::move(rates)}}) +
                                    "\n");
  }
  std::string text =
      fmt::format("{} on {}, {} threads, executor {} ({})\n", runtime->name(), hardware::processor_name(),
                  runtime->threads(), options.runtime.executor, arithmetic);
  for (const Measurement& one : *measured) {
    text += fmt::format("{:<14}{:>9.1f} tokens/s   ({:.1f} to {:.1f}, median of {})\n", one.name,
                        one.tokens_per_second.median, one.tokens_per_second.least, one.tokens_per_second.most,
                        options.repeats);
  }
  return Output::standard().write(text);
}

}  // namespace

Run add_bench_model_options(CLI::App& command) {
  const auto options = std::make_shared<Options>();
  command.add_option("model", options->runtime.model, "a name of the catalogue, or the path of a .gguf file")
      ->capture_default_str();
  command.add_option("--prefill", options->prefill, "prompt lengths in tokens, as 8,32,128")
      ->delimiter(',')
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command.add_option("--decode", options->decode, "tokens to decode; 0: none")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  command.add_option("--repeats", options->repeats, "the median of so many runs is shown")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command.add_flag("--json", options->as_json, "as one JSON object");
  add_executor_options(command, options->runtime);
  return [options] {
    const auto done = run_model(*options);
    return done ? kExitOk : report(done.error());
  };
}

}  // namespace riposte::apps
