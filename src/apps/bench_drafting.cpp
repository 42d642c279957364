// riposte bench drafting: recorded answers replayed through the drafters, without computing anything.
#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include "apps/bench.h"
#include "apps/draft_cases.h"
#include "apps/explain.h"
#include "apps/model_lookup.h"
#include "apps/output.h"
#include "apps/runtime.h"
#include "drafting/as_written.h"
#include "drafting/replay.h"
#include "drafting/request_drafter.h"

namespace riposte::apps {
namespace {

namespace json = boost::json;

struct Options {
  std::string model = kDefaultModel;
  std::string cases;
  // Milliseconds of a step of Qwen2.5-Coder-1.5B (Q4_K_M) on two cores with AVX-512 VNNI.
  std::string step_cost = "1:30,4:31,8:35,12:42,16:52,24:75,32:95";
  int32_t most_guesses = 32;
  float rewriting_chance = 1.0f;
  bool no_spelling = false;
  bool history = false;
  bool calibration = false;
  bool as_json = false;
};

// "1:30,4:31,8:35": costs at these rows, straight lines between them.
Result<std::vector<float>> parse_step_cost(std::string_view text) {
  constexpr int kMostRows = 4096;
  std::vector<float> cost;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view pair = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    int rows = 0;
    float value = 0.0f;
    const char* end = pair.data() + pair.size();
    const auto [colon, bad_rows] = std::from_chars(pair.data(), end, rows);
    const bool has_value = bad_rows == std::errc() && colon != end && *colon == ':';
    const auto [last, bad_value] = std::from_chars(has_value ? colon + 1 : end, end, value);
    if (!has_value || bad_value != std::errc() || last != end || !(value > 0.0f) || rows > kMostRows ||
        rows <= static_cast<int>(cost.size()) || (cost.empty() && rows != 1)) {
      return fail(ErrorCode::kInvalidArgument,
                  "--step-cost must be ROWS:COST pairs with rising rows from 1 to {} and costs above 0, as "
                  "1:30,8:35,32:95; found \"{}\"",
                  kMostRows, pair);
    }
    const float from = cost.empty() ? value : cost.back();
    const auto begin = static_cast<int>(cost.size());
    for (int row = begin + 1; row <= rows; ++row)
      cost.push_back(from +
                     (value - from) * static_cast<float>(row - begin) / static_cast<float>(rows - begin));
  }
  return cost;
}

struct Group {
  std::string_view name;
  double least_share;  // of edited words: those of the next group and more belong to that one
  int32_t texts = 0;
  drafting::Replayed sum = {};

  void add(const drafting::Replayed& one) {
    ++texts;
    sum.passes += one.passes;
    sum.tokens += one.tokens;
    sum.cost += one.cost;
    sum.plain_cost += one.plain_cost;
    for (size_t i = 0; i < drafting::kOrigins; ++i) {
      sum.guessed[i] += one.guessed[i];
      sum.accepted[i] += one.accepted[i];
    }
  }
};

struct Outcome {
  Group all{"all", 0.0};
  std::array<Group, 4> groups = {
      {{"unchanged", 0.0}, {"up to 10 %", 1e-9}, {"10 to 30 %", 0.1 + 1e-9}, {"over 30 %", 0.3 + 1e-9}}};
  std::vector<drafting::Verdict> verdicts;
};

double ratio(double a, double b) {
  return b > 0.0 ? a / b : 0.0;
}

std::string as_line(const Group& group) {
  const drafting::Replayed& sum = group.sum;
  std::string text =
      fmt::format("{:>12}{:>7}{:>14.2f}{:>15.2f}{:>13.1f} %{:>12.2f}", group.name, group.texts,
                  ratio(sum.tokens, sum.passes), ratio(sum.all_guessed(), sum.passes),
                  100 * ratio(sum.all_accepted(), sum.all_guessed()), ratio(sum.plain_cost, sum.cost));
  for (size_t i = 0; i < drafting::kOrigins; ++i) {
    if (sum.guessed[i] > 0)
      text += fmt::format("  {} {}/{}", origin_name(static_cast<drafting::Origin>(i)), sum.accepted[i], sum.guessed[i]);
  }
  return text + "\n";
}

json::object as_json(const Group& group) {
  const drafting::Replayed& sum = group.sum;
  json::object origins;
  for (size_t i = 0; i < drafting::kOrigins; ++i) {
    if (sum.guessed[i] > 0)
      origins[origin_name(static_cast<drafting::Origin>(i))] = json::object{{"guessed", sum.guessed[i]}, {"accepted", sum.accepted[i]}};
  }
  return {{"edited", json::string_view(group.name)},
          {"texts", group.texts},
          {"tokens", sum.tokens},
          {"passes", sum.passes},
          {"tokens_per_pass", ratio(sum.tokens, sum.passes)},
          {"guesses_per_pass", ratio(sum.all_guessed(), sum.passes)},
          {"speedup_by_step_cost", ratio(sum.plain_cost, sum.cost)},
          {"origins", std::move(origins)}};
}

// What the chances said against what came true, by tenths.
std::string calibration_lines(const std::vector<drafting::Verdict>& verdicts) {
  std::string text = fmt::format("\n{:>12}{:>14}{:>10}{:>10}\n", "origin", "chance said", "true", "guesses");
  for (size_t origin = 0; origin < drafting::kOrigins; ++origin) {
    for (int tenth = 0; tenth < 10; ++tenth) {
      double said = 0.0;
      int right = 0, count = 0;
      for (const drafting::Verdict& verdict : verdicts) {
        if (static_cast<size_t>(verdict.origin) != origin) continue;
        if (std::min(9, static_cast<int>(verdict.chance * 10.0f)) != tenth) continue;
        said += verdict.chance;
        right += verdict.right ? 1 : 0;
        ++count;
      }
      if (count > 0)
        text += fmt::format("{:>12}{:>14.2f}{:>10.2f}{:>10}\n", origin_name(static_cast<drafting::Origin>(origin)), said / count,
                            static_cast<double>(right) / count, count);
    }
  }
  return text;
}

Outcome replay_all(const std::vector<DraftCase>& cases, const tokenizer::Tokenizer& tokenizer,
                   const Options& options, std::span<const float> step_cost) {
  const drafting::TokenizerVocabulary vocabulary(tokenizer, tokenizer.eos());
  const drafting::RequestDrafter drafter(
      vocabulary, {.spelling = !options.no_spelling,
                   .history_bytes = options.history ? drafting::History::kDefaultBytes : 0});
  Outcome outcome;
  drafting::Acceptance task;
  for (const DraftCase& one : cases) {
    const std::vector<TokenId> source = tokenizer.encode(drafting::as_written(one.source));
    const std::vector<TokenId> prediction = tokenizer.encode(one.prediction);
    std::vector<TokenId> answer = tokenizer.encode(one.answer);
    if (one.ended) answer.push_back(tokenizer.eos());
    const drafting::Replayed replayed = drafting::replay(
        drafter, {.source = source, .prediction = prediction, .rewriting_chance = options.rewriting_chance},
        answer, vocabulary.size(),
        {.step_cost = step_cost,
         .most_guesses = options.most_guesses,
         .prompt_rows = one.prompt_rows,
         .task = &task},
        &outcome.verdicts);
    outcome.all.add(replayed);
    const double share = edited_share(one.source, one.answer);
    const auto group = std::find_if(outcome.groups.rbegin(), outcome.groups.rend(),
                                    [&](const Group& each) { return share >= each.least_share; });
    group->add(replayed);
  }
  return outcome;
}

Result<int> run_bench(const Options& options) {
  const auto step_cost = parse_step_cost(options.step_cost);
  if (!step_cost) return pass_on(step_cost);
  const auto cases = read_draft_cases(options.cases);
  if (!cases) return pass_on(cases);
  const auto path = find_model(options.model);
  if (!path) return pass_on(path);
  const auto model = model::Model::open(*path);
  if (!model) return pass_on(model);
  const Outcome outcome = replay_all(*cases, (*model)->tokenizer, options, *step_cost);
  Output output = Output::standard();
  if (options.as_json) {
    json::array groups;
    for (const Group& group : outcome.groups) groups.push_back(as_json(group));
    json::object record = as_json(outcome.all);
    record["groups"] = std::move(groups);
    if (auto done = output.write(json::serialize(record) + "\n"); !done) return pass_on(done);
    return kExitOk;
  }
  std::string text =
      fmt::format("{:>12}{:>7}{:>14}{:>15}{:>15}{:>12}  {}\n", "edited words", "texts", "tokens/pass",
                  "guesses/pass", "accepted", "times plain", "accepted/guessed by origin");
  for (const Group& group : outcome.groups) text += as_line(group);
  text += as_line(outcome.all);
  if (options.calibration) text += calibration_lines(outcome.verdicts);
  if (auto done = output.write(text); !done) return pass_on(done);
  return kExitOk;
}

}  // namespace

void add_bench_drafting(CLI::App& bench, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = bench.add_subcommand(
      "drafting", "recorded answers replayed through the drafters: tokens per pass, acceptance");
  command->add_option("--model,-m", options->model, "whose vocabulary the answers are written in")
      ->capture_default_str();
  command->add_option("--cases", options->cases, "a file of lines that `riposte rewrite --json` printed")
      ->required();
  command
      ->add_option("--step-cost", options->step_cost,
                   "what a step costs by its rows, as ROWS:COST,... in any unit")
      ->capture_default_str();
  command->add_option("--guesses", options->most_guesses, "guesses in a pass at most")
      ->check(CLI::Range(0, drafting::kMostGuesses))
      ->capture_default_str();
  command
      ->add_option("--rewriting-chance", options->rewriting_chance,
                   "what drafters are told about the answer being a rewriting at all")
      ->check(CLI::Range(0.0f, 1.0f))
      ->capture_default_str();
  command->add_flag("--no-spelling", options->no_spelling, "guess no corrected spellings");
  command->add_flag("--history", options->history, "learn from each answer for the next ones");
  command->add_flag("--calibration", options->calibration, "also what chances said against what came true");
  command->add_flag("--json", options->as_json, "one JSON object");
  command->footer(
      help_footer("  riposte rewrite --json --file sentences.txt > cases.jsonl\n"
                  "  riposte bench drafting --model qwen --cases cases.jsonl"));
  command->callback([options, &run] {
    run = [options] {
      const auto status = run_bench(*options);
      return status ? *status : report(status.error());
    };
  });
}

}  // namespace riposte::apps
