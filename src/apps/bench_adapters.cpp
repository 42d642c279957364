// riposte bench adapters: requests of the base and of each of its adapters, in one batch and one after
// another.
#include <chrono>
#include <map>
#include <memory>
#include <utility>

#include "apps/answers.h"
#include "apps/bench.h"
#include "apps/bench_sentences.h"
#include "apps/home.h"
#include "apps/output.h"
#include "apps/runtime.h"
#include "engine/engine.h"
#include "hardware/processor.h"
#include "rewrite/prompt.h"

namespace riposte::apps {
namespace {

namespace json = boost::json;

struct Options {
  RuntimeOptions runtime;
  SentenceChoice sentences;
  int32_t repeats = 5;
  bool as_json = false;
};

// Who answers: the base, or the base with an adapter.
struct Way {
  std::string name;
  rewrite::Preset preset;
  std::vector<double> alone_ms;  // [sentences * repeats]
};

class Bench {
 public:
  Bench(const Runtime& runtime, const chat::Template& chat_template)
      : runtime_(runtime),
        format_{chat_template, runtime.tokenizer()},
        engine_(runtime.executor(), runtime.tokenizer(), runtime.engine_options()) {}

  // The preset grammar by the base, and by each adapter with the prompt that it was trained with.
  Result<void> prepare() {
    const auto base = rewrite::Presets::built_in().find("grammar");
    if (!base) return pass_on(base);
    ways_.push_back({runtime_.name(), **base, {}});
    for (const NamedAdapter& named : runtime_.adapters()) {
      Way& way = ways_.emplace_back(Way{named.name, **base, {}});
      way.preset.adapter = named.id;
      way.preset.prompt = named.adapter->prompt;
    }
    return {};
  }

  // Each alone, one after another, and all together; which comes first takes turns. The answers of the first
  // repeat are what all later ones are compared with. `warms`: nothing is measured.
  Result<void> measure(const std::string& sentence, size_t turn, bool warms) {
    for (const bool together : {turn % 2 == 0, turn % 2 != 0}) {
      auto requests = requests_of(sentence);
      if (!requests) return pass_on(requests);
      std::vector<Answer> answers;
      const auto start = std::chrono::steady_clock::now();
      if (together) {
        auto all = answers_to(engine_, std::move(*requests));
        if (!all) return pass_on(all);
        answers = std::move(*all);
      } else {
        for (size_t way = 0; way < ways_.size(); ++way) {
          const auto start_of_one = std::chrono::steady_clock::now();
          auto one = answers_to(engine_, {std::move((*requests)[way])});
          if (!one) return pass_on(one);
          if (!warms) ways_[way].alone_ms.push_back(milliseconds_since(start_of_one));
          answers.push_back(std::move(one->front()));
        }
      }
      if (!warms) (together ? together_ms_ : alone_ms_).push_back(milliseconds_since(start));
      compare(sentence, answers);
    }
    return {};
  }

  std::span<const Way> ways() const { return ways_; }
  const std::vector<double>& alone_ms() const { return alone_ms_; }        // of all ways, one after another
  const std::vector<double>& together_ms() const { return together_ms_; }  // of all in one batch
  int64_t answers() const { return answers_; }
  int64_t differing() const { return differing_; }

 private:
  static double milliseconds_since(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  }

  Result<std::vector<engine::Request>> requests_of(const std::string& sentence) const {
    std::vector<engine::Request> requests;
    for (const Way& way : ways_) {
      auto request = rewrite::make_request(format_, way.preset, sentence);
      if (!request) return pass_on(request);
      request->use_history = false;  // the same sentence comes again
      requests.push_back(std::move(*request));
    }
    return requests;
  }

  void compare(const std::string& sentence, const std::vector<Answer>& answers) {
    for (size_t way = 0; way < answers.size(); ++way) {
      const auto [first, is_new] = texts_.try_emplace({sentence, way}, answers[way].text);
      ++answers_;
      differing_ += first->second != answers[way].text;
    }
  }

  const Runtime& runtime_;
  const rewrite::PromptFormat format_;
  engine::Engine engine_;
  std::vector<Way> ways_;
  std::vector<double> alone_ms_, together_ms_;
  std::map<std::pair<std::string, size_t>, std::string> texts_;
  int64_t answers_ = 0, differing_ = 0;
};

Result<int> run_adapters(const Options& options) {
  const auto sentences = bench_sentences(options.sentences);
  if (!sentences) return pass_on(sentences);
  const auto runtime = Runtime::open(options.runtime);
  if (!runtime) return pass_on(runtime);
  if (runtime->adapters().empty()) {
    return fail(ErrorCode::kInvalidArgument, "there is no adapter beside {}: name some with --adapter",
                runtime->name());
  }
  const auto chat_template = parse_chat_template(runtime->model());
  if (!chat_template) return pass_on(chat_template);
  Bench bench(*runtime, *chat_template);
  if (auto prepared = bench.prepare(); !prepared) return pass_on(prepared);
  for (int32_t repeat = -1; repeat < options.repeats; ++repeat) {
    for (size_t i = 0; i < sentences->size(); ++i) {
      auto measured = bench.measure((*sentences)[i], i + static_cast<size_t>(repeat + 1), repeat < 0);
      if (!measured) return pass_on(measured);
    }
  }
  const Spread alone = spread_of(bench.alone_ms()), together = spread_of(bench.together_ms());
  const double ratio = alone.median / together.median;
  std::string text;
  if (options.as_json) {
    json::object each;
    for (const Way& way : bench.ways()) each[way.name] = spread_of(way.alone_ms).median;
    text = json::serialize(json::object{{"model", runtime->name()},
                                        {"processor", hardware::processor_name()},
                                        {"threads", runtime->threads()},
                                        {"sentences", sentences->size()},
                                        {"repeats", options.repeats},
                                        {"alone_ms", std::move(each)},
                                        {"one_after_another_ms", alone.median},
                                        {"together_ms", together.median},
                                        {"ratio", ratio},
                                        {"answers", bench.answers()},
                                        {"differing_answers", bench.differing()}}) +
           "\n";
  } else {
    text = fmt::format(
        "{} on {}, {} threads: {} sentences, {} times each; median milliseconds of a sentence\n",
        runtime->name(), hardware::processor_name(), runtime->threads(), sentences->size(), options.repeats);
    for (const Way& way : bench.ways()) {
      const std::string name = &way == &bench.ways().front() ? "the base" : way.name;
      text += fmt::format("  {:<28}{:>9.1f}\n", name + ", alone", spread_of(way.alone_ms).median);
    }
    text += fmt::format("  {:<28}{:>9.1f}\n  {:<28}{:>9.1f}, {:.2f} times as fast\n", "one after another",
                        alone.median, "in one batch", together.median, ratio);
    text += fmt::format("{} of {} answers differ\n", bench.differing(), bench.answers());
  }
  if (auto written = Output::standard().write(text); !written) return pass_on(written);
  return bench.differing() == 0 ? kExitOk : kExitFailed;
}

}  // namespace

void add_bench_adapters(CLI::App& bench, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = bench.add_subcommand(
      "adapters", "requests of the base and of each of its adapters: one after another, and in one batch");
  options->runtime.packed_cache = packed_directory().string();
  add_model_option(*command, options->runtime);
  add_adapter_options(*command, options->runtime);
  add_executor_options(*command, options->runtime);
  add_drafting_option(*command, options->runtime);
  add_sentence_options(*command, options->sentences);
  command->add_option("--repeats", options->repeats, "so many times each, beside one to warm up")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_flag("--json", options->as_json, "as one JSON object");
  command->footer(
      "\nExit status 1 if an answer in a batch, or at another time, is not the one that was given before.\n" +
      help_footer("  riposte bench adapters --model smollm2\n"
                  "  riposte bench adapters --model smollm2 --adapter a=grammar.gguf --adapter b=tone.gguf"));
  command->callback([options, &run] {
    run = [options] {
      const auto status = run_adapters(*options);
      return status ? *status : report(status.error());
    };
  });
}

}  // namespace riposte::apps
