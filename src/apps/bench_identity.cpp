// riposte bench identity: guesses change no answer. Every drafter against plain decoding, byte by byte.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>

#include "apps/bench.h"
#include "apps/bench_sentences.h"
#include "apps/identity.h"
#include "apps/output.h"
#include "apps/runtime.h"
#include "apps/scatter_drafter.h"
#include "drafting/history_drafter.h"
#include "drafting/request_drafter.h"
#include "drafting/source_drafter.h"
#include "hardware/processor.h"
#include "rewrite/prompt.h"

namespace riposte::apps {
namespace {

namespace json = boost::json;

// An interrupt ends the run behind the group that is being checked, and what was found is told; a second one ends the program.
volatile std::sig_atomic_t interrupted = 0;

extern "C" void interrupt(int signal) {
  interrupted = 1;
  std::signal(signal, SIG_DFL);
}

struct Setting {
  const char* name;
  sampling::SamplingParams params;
};

// Greedy, and three ways to sample: mildly, freely, with penalties that look back at the answer.
std::vector<Setting> settings() {
  return {{"greedy", {}},
          {"temperature 0.7", {.temperature = 0.7f, .top_p = 0.9f}},
          {"temperature 1", {.temperature = 1.0f, .top_k = 40, .min_p = 0.05f}},
          {"penalties",
           {.temperature = 0.8f,
            .repetition_penalty = 1.1f,
            .presence_penalty = 0.2f,
            .frequency_penalty = 0.2f}}};
}

struct Options {
  RuntimeOptions runtime;
  SentenceChoice sentences;
  std::vector<std::string> presets = {"grammar", "simplify", "formal"};
  int32_t group = 16;  // sentences of one group
  int32_t neighbours = 8;
  int32_t max_tokens = 96;
  int32_t seconds = 0;  // 0: until all is done
  bool every_way = false;
  bool settings_in_turn = false;
  bool as_json = false;
};

// Earlier answers alone.
class HistoryOnly final : public drafting::Drafter {
 public:
  explicit HistoryOnly(const drafting::Vocabulary& vocabulary)
      : vocabulary_(vocabulary), drafter_(history_) {}
  void propose(const drafting::DraftContext& context, drafting::Draft& draft) const override {
    drafter_.propose(context, draft);
  }
  void learn(const drafting::DraftContext& finished) const override {
    history_.learn(finished.owner, finished.source, finished.output, vocabulary_);
  }

 private:
  const drafting::Vocabulary& vocabulary_;
  mutable drafting::History history_;  // thread-safe
  drafting::HistoryDrafter drafter_;
};

// The drafters, each with what it stands on.
class Drafters {
 public:
  explicit Drafters(const tokenizer::Tokenizer& tokenizer)
      : vocabulary_(tokenizer, tokenizer.eos()), spelling_(vocabulary_) {
    using Text = drafting::SourceDrafter::Text;
    ways_.push_back({"source", std::make_unique<drafting::SourceDrafter>(vocabulary_, &spelling_)});
    ways_.push_back({"prediction",
                     std::make_unique<drafting::SourceDrafter>(vocabulary_, &spelling_, Text::kPrediction)});
    ways_.push_back({"history", std::make_unique<HistoryOnly>(vocabulary_)});
    ways_.push_back({"all", std::make_unique<drafting::RequestDrafter>(vocabulary_)});
    ways_.push_back({"scatter", std::make_unique<ScatterDrafter>(vocabulary_.size())});
  }
  std::span<const Way> ways() const { return ways_; }

 private:
  drafting::TokenizerVocabulary vocabulary_;
  drafting::Spelling spelling_;
  std::vector<Way> ways_;
};

class Bench {
 public:
  Bench(const Options& options, const Runtime& runtime) : options_(options), runtime_(runtime) {}

  // A base model has no template: it is given the instruction and the text, and goes on as it likes.
  Result<void> prepare() {
    if (!runtime_.model().chat_template.empty()) {
      auto parsed = parse_chat_template(runtime_.model());
      if (!parsed) return pass_on(parsed);
      chat_template_ = std::move(*parsed);
    }
    for (const std::string& name : options_.presets) {
      auto preset = rewrite::Presets::built_in().find(name);
      if (!preset) return pass_on(preset);
      presets_.push_back(*preset);
    }
    return {};
  }

  // A sentence with the preset whose turn it is, with every setting or the one whose turn it is.
  Result<void> append(const std::string& sentence, size_t number, std::vector<engine::Request>& out) const {
    const rewrite::Preset& preset = *presets_[number % presets_.size()];
    const tokenizer::Tokenizer& tokenizer = runtime_.tokenizer();
    engine::Request request;
    if (chat_template_) {
      auto made = rewrite::make_request({*chat_template_, tokenizer}, preset, sentence);
      if (!made) return pass_on(made);
      request = std::move(*made);
    } else {
      request.prompt = tokenizer.encode(fmt::format("{}\n\n{}\n\n", preset.instruction, sentence));
      request.source = rewrite::encode_source(tokenizer, sentence);
      request.task = rewrite::task_of(preset.instruction);
    }
    request.max_tokens = std::min(request.max_tokens, options_.max_tokens);
    const std::vector<Setting> all = settings();
    const size_t turn = number / presets_.size() % all.size();
    for (size_t i = 0; i < all.size(); ++i) {
      if (options_.settings_in_turn && i != turn) continue;
      request.sampling = all[i].params;
      request.sampling.seed = number;
      out.push_back(request);
    }
    return {};
  }

 private:
  const Options& options_;
  const Runtime& runtime_;
  std::optional<chat::Template> chat_template_;
  std::vector<const rewrite::Preset*> presets_;
};

std::string as_table(std::span<const Way> ways, const Identity& identity) {
  std::string text = fmt::format("{:<22}{:>9}{:>11}{:>10}{:>13}{:>10}{:>11}\n", "guesses from", "answers",
                                 "bytes", "tokens", "tokens/pass", "accepted", "differing");
  const auto line = [&text](const std::string& name, const IdentityCount& count) {
    if (count.answers == 0) return;
    text += fmt::format(
        "{:<22}{:>9}{:>11}{:>10}{:>13.2f}{:>8.0f} %{:>11}\n", name, count.answers, count.bytes, count.tokens,
        static_cast<double>(count.tokens) / static_cast<double>(count.passes),
        100.0 * static_cast<double>(count.accepted) / std::max<double>(1, static_cast<double>(count.drafted)),
        count.differing_answers);
  };
  for (size_t way = 0; way < ways.size(); ++way) {
    line(ways[way].name + ", alone", identity.alone(way));
    line(ways[way].name + ", in a crowd", identity.crowd(way));
  }
  return text;
}

json::object as_json(const IdentityCount& count) {
  return {{"answers", count.answers},
          {"bytes", count.bytes},
          {"tokens", count.tokens},
          {"passes", count.passes},
          {"drafted", count.drafted},
          {"accepted", count.accepted},
          {"differing_answers", count.differing_answers},
          {"differing_bytes", count.differing_bytes}};
}

struct Sum {
  int64_t answers = 0;
  int64_t bytes = 0;
  int64_t differing = 0;
};

Sum sum_of(std::span<const Way> ways, const Identity& identity) {
  Sum sum;
  for (size_t way = 0; way < ways.size(); ++way) {
    for (const IdentityCount* count : {&identity.alone(way), &identity.crowd(way)}) {
      sum.answers += count->answers;
      sum.bytes += count->bytes;
      sum.differing += count->differing_bytes;
    }
  }
  return sum;
}

void tell_differences(const Identity& identity) {
  for (const Difference& difference : identity.differences()) {
    fmt::print(stderr,
               "riposte: guesses changed an answer ({})\n  prompt    {}\n  plain     {}\n  guessing  {}\n",
               difference.way, difference.prompt, difference.expected, difference.found);
  }
}

Result<int> run_identity(const Options& options) {
  const auto started = std::chrono::steady_clock::now();
  const auto sentences = bench_sentences(options.sentences);
  if (!sentences) return pass_on(sentences);
  const int32_t from = options.sentences.from;
  const auto runtime = Runtime::open(options.runtime);
  if (!runtime) return pass_on(runtime);
  Bench bench(options, *runtime);
  if (auto prepared = bench.prepare(); !prepared) return pass_on(prepared);
  const Drafters drafters(runtime->tokenizer());
  Identity identity(runtime->executor(), runtime->tokenizer(), drafters.ways(),
                    {.neighbours = options.neighbours,
                     .every_way = options.every_way,
                     .first_turn = static_cast<size_t>(from / options.group),
                     .step_cost = runtime->engine_options().step_cost});
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, interrupt);
  size_t done = 0;
  const auto passed = [&] { return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count(); };
  while (done < sentences->size() && interrupted == 0) {
    if (options.seconds > 0 && passed() >= options.seconds) break;
    const size_t end = std::min(sentences->size(), done + static_cast<size_t>(options.group));
    std::vector<engine::Request> requests;
    for (; done < end; ++done) {
      auto appended = bench.append((*sentences)[done], static_cast<size_t>(from) + done, requests);
      if (!appended) return pass_on(appended);
    }
    if (auto checked = identity.check(std::move(requests)); !checked) return pass_on(checked);
  }
  const Sum sum = sum_of(drafters.ways(), identity);
  tell_differences(identity);
  const size_t next = static_cast<size_t>(from) + done;
  std::string text;
  if (options.as_json) {
    json::object ways;
    for (size_t way = 0; way < drafters.ways().size(); ++way) {
      ways[drafters.ways()[way].name] =
          json::object{{"alone", as_json(identity.alone(way))}, {"crowd", as_json(identity.crowd(way))}};
    }
    text = json::serialize(json::object{{"model", runtime->name()},
                                        {"processor", hardware::processor_name()},
                                        {"from", from},
                                        {"sentences", done},
                                        {"next", next},
                                        {"settings", settings().size()},
                                        {"settings_in_turn", options.settings_in_turn},
                                        {"neighbours", options.neighbours},
                                        {"ways", std::move(ways)},
                                        {"answers", sum.answers},
                                        {"differing_answers", identity.differing_answers()},
                                        {"differing_bytes", sum.differing}}) +
           "\n";
  } else {
    text = fmt::format(
        "{} on {}, {} threads: {} sentences, {} presets in turn, greedy and {} sampled settings{}\n{}"
        "{} of {} bytes in {} answers differ from plain decoding\n",
        runtime->name(), hardware::processor_name(), runtime->threads(), done, options.presets.size(),
        settings().size() - 1, options.settings_in_turn ? " in turn" : "",
        as_table(drafters.ways(), identity), sum.differing, sum.bytes, sum.answers);
    if (done < sentences->size())
      text += fmt::format("stopped after {:.0f} s; go on with --from {}\n", passed(), next);
  }
  if (auto written = Output::standard().write(text); !written) return pass_on(written);
  return identity.differing_answers() == 0 ? kExitOk : kExitFailed;
}

}  // namespace

void add_bench_identity(CLI::App& bench, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      bench.add_subcommand("identity", "every way of guessing against plain decoding: no byte may differ");
  add_model_option(*command, options->runtime);
  add_executor_options(*command, options->runtime);
  add_sentence_options(*command, options->sentences);
  command->add_option("--presets", options->presets, "presets that take turns, as grammar,shorten")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--neighbours", options->neighbours, "requests beside each one in a crowd")
      ->check(CLI::Range(1, 31))
      ->capture_default_str();
  command->add_option("--max-tokens", options->max_tokens, "longer answers are cut off")
      ->check(CLI::Range(1, 4096))
      ->capture_default_str();
  command
      ->add_option("--seconds", options->seconds,
                   "begin no further group of sentences after this time (or after an interrupt); 0: do all")
      ->check(CLI::Range(0, 1 << 30));
  command->add_flag("--every-way", options->every_way,
                    "all drafters for each sentence, alone and in a crowd; without, they take turns");
  command->add_flag("--settings-in-turn", options->settings_in_turn,
                    "one setting for each sentence instead of all four: a quarter of the time");
  command->add_flag("--json", options->as_json, "as one JSON object");
  command->footer(
      "\nEach sentence is answered greedily and with three sampled settings, plainly and then with guesses: "
      "from the "
      "source,\nfrom a prediction (the plain answer with some words replaced), from earlier answers, all "
      "together, "
      "and at random;\nalone and among others; with other chunks of the prompt and other places in memory "
      "each time. "
      "Exit status 1 if any\nbyte differs.\n" +
      help_footer("  riposte bench identity --model smollm2\n"
                  "  riposte bench identity --model qwen --sentences sentences.txt --from 100 --count 50"));
  command->callback([options, &run] {
    run = [options] {
      const auto status = run_identity(*options);
      return status ? *status : report(status.error());
    };
  });
}

}  // namespace riposte::apps
