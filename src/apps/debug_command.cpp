// riposte debug: single stages of a request, JSON lines in and out, so that anyone can check any case.
#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "apps/command.h"
#include "apps/debug_steps.h"
#include "apps/line_reader.h"
#include "apps/model_lookup.h"
#include "apps/output.h"
#include "apps/runtime.h"

namespace riposte::apps {
namespace {

namespace json = boost::json;

using Step = std::function<Result<void>(json::object&)>;

// Applies `step` to each line of standard input. The first line that is wrong ends the run.
Result<void> for_each_line(const Step& step) {
  LineReader reader = LineReader::standard_input();
  const Output output = Output::standard();
  for (;;) {
    auto line = reader.next();
    if (!line) return pass_on(line);
    if (!*line) return {};
    if ((*line)->empty()) continue;
    const std::string where = fmt::format("line {}", reader.line_number());
    json::error_code invalid;
    json::value entry = json::parse(**line, invalid);
    if (invalid || !entry.is_object()) {
      return fail(ErrorCode::kInvalidArgument, "{}: expected one JSON object, found {}", where,
                  invalid ? invalid.message() : "another JSON value");
    }
    if (auto done = step(entry.as_object()); !done) return tl::unexpected(done.error().within(where));
    if (auto written = output.write(json::serialize(entry) + "\n"); !written) return written;
  }
}

Result<std::shared_ptr<const model::Model>> open_model(const RuntimeOptions& options) {
  const auto path = find_model(options.model);
  if (!path) return pass_on(path);
  return model::Model::open(*path);
}

Result<void> run_tokenize(const RuntimeOptions& options) {
  const auto model = open_model(options);
  if (!model) return pass_on(model);
  return for_each_line([&](json::object& entry) { return debug_tokenize((*model)->tokenizer, entry); });
}

Result<void> run_detokenize(const RuntimeOptions& options) {
  const auto model = open_model(options);
  if (!model) return pass_on(model);
  return for_each_line([&](json::object& entry) { return debug_detokenize((*model)->tokenizer, entry); });
}

Result<void> run_render(const RuntimeOptions& options) {
  const auto model = open_model(options);
  if (!model) return pass_on(model);
  const auto chat_template = parse_chat_template(**model);
  if (!chat_template) return pass_on(chat_template);
  return for_each_line(
      [&](json::object& entry) { return debug_render(*chat_template, (*model)->tokenizer, entry); });
}

Result<void> run_logits(const RuntimeOptions& options) {
  const auto runtime = Runtime::open(options);
  if (!runtime) return pass_on(runtime);
  return for_each_line([&](json::object& entry) { return debug_logits(runtime->executor(), entry); });
}

Result<void> run_generate(const RuntimeOptions& options) {
  const auto runtime = Runtime::open(options);
  if (!runtime) return pass_on(runtime);
  return for_each_line(
      [&](json::object& entry) { return debug_generate(runtime->executor(), runtime->tokenizer(), entry); });
}

struct Stage {
  const char* name;
  const char* summary;
  const char* fields;
  const char* example;
  Result<void> (*run)(const RuntimeOptions&);
  bool computes;
};

constexpr Stage kStages[] = {
    {"tokenize", "text to token ids",
     "In: text, parse_special (optional: control tokens in the text become their ids). Out: ids.",
     "  echo '{\"text\": \"Hello\"}' | riposte debug tokenize --model smollm2", run_tokenize, false},
    {"detokenize", "token ids to text", "In: ids. Out: text.",
     "  echo '{\"ids\": [19556]}' | riposte debug detokenize --model smollm2", run_detokenize, false},
    {"render", "messages to a prompt",
     "In: messages, add_generation_prompt (optional, true), tools (optional). Out: rendered.",
     "  echo '{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}' | riposte debug render --model "
     "smollm2",
     run_render, false},
    {"logits", "the forward pass",
     "In: ids. Out: top (the 20 highest logits of the last position), logsumexp (of that position),\n"
     "nll (mean over the ids after the first), nll_first (of the second id).",
     "  echo '{\"ids\": [1, 19556]}' | riposte debug logits --model smollm2 --executor float", run_logits,
     true},
    {"generate", "greedy decoding",
     "In: prompt_ids, max_tokens (optional, 48). Out: continuation_ids (with the end token, if one came),\n"
     "margins (highest minus second highest logit of each step).",
     "  echo '{\"prompt_ids\": [1, 19556], \"max_tokens\": 8}' | riposte debug generate --model smollm2",
     run_generate, true},
};

}  // namespace

void add_debug_command(CLI::App& app, Run& run) {
  const auto options = std::make_shared<RuntimeOptions>();
  CLI::App* debug = app.add_subcommand("debug", "single stages of a request, JSON lines in and out");
  debug->require_subcommand(1);
  debug->footer(
      "\nOne JSON object a line on standard input gives one a line on standard output, with its fields and "
      "the\n"
      "results." +
      help_footer(kStages[0].example));
  for (const Stage& stage : kStages) {
    CLI::App* command = debug->add_subcommand(stage.name, stage.summary);
    add_model_option(*command, *options);
    if (stage.computes) add_executor_options(*command, *options);
    if (stage.computes) add_adapter_options(*command, *options);
    command->footer(fmt::format("\n{}\n", stage.fields) + help_footer(stage.example));
    command->callback([options, &run, &stage] {
      run = [options, &stage] {
        const auto done = stage.run(*options);
        return done ? kExitOk : report(done.error());
      };
    });
  }
}

}  // namespace riposte::apps
