// riposte rewrite: texts from arguments, a file or standard input, one answer for each.
#include <xxhash.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "apps/command.h"
#include "apps/explain.h"
#include "apps/home.h"
#include "apps/line_reader.h"
#include "apps/output.h"
#include "apps/rewriter.h"
#include "apps/runtime.h"
#include "engine/engine.h"

namespace riposte::apps {
namespace {

namespace json = boost::json;

struct Options {
  std::vector<std::string> texts;
  std::string file;
  std::string preset = "grammar";
  std::string language = "en";
  std::string instruction;
  std::string presets_file;
  std::optional<float> edit_confidence;
  std::optional<bool> restrained;
  std::optional<bool> by_sentence;
  bool as_json = false;
  bool show_time = false;
  bool explain = false;
  bool pin_preset = true;
  RuntimeOptions runtime;
};

// `adapters`: of the model, once it is known which it has.
Result<rewrite::Preset> choose_preset(const Options& options, std::span<const NamedAdapter> adapters) {
  if (!options.instruction.empty()) {
    rewrite::Preset own;
    own.name = "instruction";
    own.instruction = rewrite::lean_instruction(options.instruction, options.runtime.lean);
    return choose_adapter(std::move(own), adapters);
  }
  std::optional<rewrite::Presets> loaded;
  if (!options.presets_file.empty()) {
    auto file = rewrite::Presets::load(options.presets_file);
    if (!file) return pass_on(file);
    loaded = std::move(*file);
  }
  const rewrite::Presets presets = with_adapters(loaded ? *loaded : rewrite::Presets::built_in(), adapters);
  auto found = presets.find(options.preset, options.language);
  if (!found) return pass_on(found);
  return choose_adapter(**found, adapters);
}

double milliseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count() / 1000) / 1000.0;
}

const char* name_of(engine::FinishReason reason) {
  switch (reason) {
    case engine::FinishReason::kStop:
      return "stop";
    case engine::FinishReason::kLength:
      return "length";
    case engine::FinishReason::kCancelled:
      return "cancelled";
    case engine::FinishReason::kError:
      break;
  }
  return "error";
}

// Line by line means that line n of the output belongs to line n of the input.
std::string on_one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

class Session {
 public:
  Session(const Options& options, const Runtime& runtime, const rewrite::Preset& preset, Rewriter& rewriter)
      : options_(options), runtime_(runtime), preset_(preset), rewriter_(rewriter) {}

  // Handles one text. A text that cannot be rewritten is reported and, in line mode, copied, so that lines
  // stay aligned. Errors: the output cannot be written.
  Result<void> handle(const std::string& source, const std::string& where) {
    const bool live = !options_.as_json && !options_.explain && output_.is_terminal();
    const auto rewritten =
        rewriter_.rewrite(source, live ? [this](std::string_view text) { return output_.write(text); }
                                       : std::function<Result<void>(std::string_view)>());
    if (!rewritten) {
      if (rewritten.error().code == ErrorCode::kIo) return pass_on(rewritten);
      const int status = report(where.empty() ? rewritten.error() : rewritten.error().within(where));
      if (status_ == kExitOk) status_ = status;
      if (options_.as_json) return output_.write(as_json(source, rewritten.error()) + "\n");
      return where.empty() ? Result<void>() : output_.write(source + "\n");
    }
    auto written = output_.write(options_.as_json   ? as_json(source, *rewritten) + "\n"
                                 : explains(*rewritten) ? explained(*rewritten)
                                 : live             ? std::string("\n")
                                                    : on_one_line(rewritten->text) + "\n");
    if (!written) return written;
    tell_what_went_wrong(rewritten->assembly);
    if (options_.show_time || live) print_time(*rewritten);
    return {};
  }

  // A line with nothing to rewrite in it is its own answer.
  Result<void> copy_blank(const std::string& line) {
    return output_.write(
        options_.as_json ? json::serialize(json::object{{"source", line}, {"text", line}}) + "\n" : "\n");
  }
  // A line that could not even be read.
  Result<void> skip(const Error& error) {
    const int status = report(error);
    if (status_ == kExitOk) status_ = status;
    return output_.write(options_.as_json ? json::serialize(json::object{{"error", error.message}}) + "\n"
                                          : "\n");
  }
  int status() const { return status_; }

 private:
  static bool is_reverted(const rewrite::Assembly& assembly, size_t part) {
    return assembly.stray(part) != rewrite::Stray::kNone;
  }

  static void tell_what_went_wrong(const rewrite::Assembly& assembly) {
    const size_t parts = assembly.parts();
    for (size_t part = 0; part < parts; ++part) {
      const std::string which = parts == 1 ? "the text" : fmt::format("sentence {} of {}", part + 1, parts);
      if (is_reverted(assembly, part)) {
        fmt::print(stderr, "riposte: {} stays as it was: the answer strayed ({})\n", which, rewrite::name_of(assembly.stray(part)));
      } else if (assembly.finish(part).reason == engine::FinishReason::kLength) {
        fmt::print(stderr, "riposte: the answer{} was cut off after {} tokens\n", parts == 1 ? "" : " for " + which,
                   assembly.finish(part).usage.output_tokens);
      }
    }
  }

  // Nothing of an answer that was refused is in the text.
  bool explains(const Rewritten& rewritten) const {
    const rewrite::Assembly& assembly = rewritten.assembly;
    for (size_t part = 0; part < assembly.parts(); ++part) {
      if (!is_reverted(assembly, part)) return options_.explain;
    }
    return false;
  }

  static json::array reverted_of(const rewrite::Assembly& assembly) {
    json::array reverted;
    for (size_t part = 0; part < assembly.parts(); ++part) {
      if (!is_reverted(assembly, part)) continue;
      reverted.push_back(json::object{{"text", json::string(assembly.part_text(part))}, {"reason", rewrite::name_of(assembly.stray(part))}});
    }
    return reverted;
  }

  std::string as_json(const std::string& source, const Rewritten& rewritten) const {
    const engine::Finish finish = rewritten.assembly.finish();
    const engine::Usage& usage = finish.usage;
    json::object drafts;
    for (size_t i = 0; i < usage.by_origin.size(); ++i) {
      const engine::DraftCounts& counts = usage.by_origin[i];
      if (counts.drafted == 0) continue;
      drafts[origin_name(static_cast<drafting::Origin>(i))] =
          json::object{{"drafted", counts.drafted}, {"accepted", counts.accepted}};
    }
    json::object object{
        {"source", source},
        {"text", rewritten.text},
        {"sentences", rewritten.assembly.parts()},
        {"reverted", reverted_of(rewritten.assembly)},
        {"preset", preset_.name},
        {"model", runtime_.name()},
        {"finish_reason", name_of(finish.reason)},
        {"prompt_tokens", usage.prompt_tokens},
        {"cached_tokens", usage.cached_tokens},
        {"output_tokens", usage.output_tokens},
        {"passes", usage.passes},
        {"drafted_tokens", usage.drafted_tokens},
        {"accepted_tokens", usage.accepted_tokens},
        {"drafts", std::move(drafts)},
        {"tokens_per_pass", usage.passes > 0 ? static_cast<double>(usage.output_tokens) / usage.passes : 0.0},
        {"prefill_ms", milliseconds(finish.timings.prefill)},
        {"decode_ms", milliseconds(finish.timings.decode)},
        {"total_ms", milliseconds(rewritten.time)}};
    if (options_.explain) object["trace"] = trace_of(rewritten);
    return json::serialize(object);
  }

  json::array trace_of(const Rewritten& rewritten) const {
    json::array trace;
    for (const Piece& piece : pieces_of(rewritten.assembly, runtime_.tokenizer())) {
      trace.push_back(json::object{{"text", piece.text},
                                   {"tokens", piece.tokens},
                                   {"pass", piece.pass},
                                   {"origin", piece.origin ? std::string(origin_name(*piece.origin)) : std::string("computed")}});
    }
    return trace;
  }

  std::string explained(const Rewritten& rewritten) const {
    const std::vector<Piece> pieces = pieces_of(rewritten.assembly, runtime_.tokenizer());
    const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org
    const bool plain = !output_.is_terminal() || (no_color != nullptr && *no_color != '\0');
    const engine::Usage usage = rewritten.assembly.finish().usage;
    return plain ? explain_plainly(pieces, usage) : explain_in_colours(pieces, usage, output_.columns());
  }

  // A source that is not UTF-8 cannot stand in JSON.
  static std::string as_json(const std::string& source, const Error& error) {
    json::error_code invalid;
    const std::string quoted = json::serialize(json::string(source));
    json::parse(quoted, invalid);
    json::object object{{"error", error.message}};
    if (!invalid) object.emplace("source", source);
    return json::serialize(object);
  }

  void print_time(const Rewritten& rewritten) const {
    const engine::Usage usage = rewritten.assembly.finish().usage;
    fmt::print(stderr, "  {:.0f} ms, {} tokens in ({} cached), {} out\n", milliseconds(rewritten.time),
               usage.prompt_tokens, usage.cached_tokens, usage.output_tokens);
  }

  const Options& options_;
  const Runtime& runtime_;
  const rewrite::Preset& preset_;
  Rewriter& rewriter_;
  Output output_ = Output::standard();
  int status_ = kExitOk;
};

Result<void> rewrite_lines(LineReader reader, Session& session) {
  for (;;) {
    auto line = reader.next();
    Result<void> handled;
    if (!line) {
      if (line.error().code != ErrorCode::kTooLarge) return pass_on(line);
      handled = session.skip(line.error());
    } else if (!*line) {
      return {};
    } else if ((*line)->find_first_not_of(" \t") == std::string::npos) {
      handled = session.copy_blank(**line);
    } else {
      handled = session.handle(**line, fmt::format("line {}", reader.line_number()));
    }
    if (!handled) return handled;
  }
}

Result<int> run_rewrite(const Options& options) {
  // Before anything that takes long, where it is known: an adapter may bring a preset of its own.
  std::optional<rewrite::Preset> known;
  if (options.runtime.adapters.empty()) {
    auto chosen = choose_preset(options, {});
    if (!chosen) return pass_on(chosen);
    known = std::move(*chosen);
  }
  std::optional<LineReader> lines;
  if (!options.file.empty()) {
    auto opened = LineReader::open(options.file);
    if (!opened) return pass_on(opened);
    lines.emplace(std::move(*opened));
  } else if (options.texts.empty()) {
    lines.emplace(LineReader::standard_input());
  }
  // The next start finds the preset's instruction computed. A file for each: those of a server hold all presets.
  RuntimeOptions computing = options.runtime;
  if (known && options.instruction.empty() && options.pin_preset) {
    computing.pinned = {&*known, 1};
    computing.snapshot = fmt::format("-{:016x}", XXH3_64bits(known->instruction.data(), known->instruction.size()));
  }
  const auto runtime = Runtime::open(computing);
  if (!runtime) return pass_on(runtime);
  auto preset = choose_preset(options, runtime->adapters());
  if (!preset) return pass_on(preset);
  if (options.restrained) preset->restrained = *options.restrained;
  if (options.by_sentence) preset->by_sentence = *options.by_sentence;
  if (options.edit_confidence) preset->edit_confidence = *options.edit_confidence;
  const auto chat_template = parse_chat_template(runtime->model());
  if (!chat_template) return pass_on(chat_template);
  const rewrite::PromptFormat format{*chat_template, runtime->tokenizer()};
  engine::Engine engine(runtime->executor(), runtime->tokenizer(), runtime->engine_options());
  Rewriter rewriter(engine, format, *preset, options.runtime.lean, options.explain);
  Session session(options, *runtime, *preset, rewriter);
  if (lines) {
    if (auto done = rewrite_lines(std::move(*lines), session); !done) return pass_on(done);
  }
  for (const std::string& text : options.texts) {
    if (auto done = session.handle(text, ""); !done) return pass_on(done);
  }
  return session.status();
}

}  // namespace

void add_rewrite_command(CLI::App& app, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("rewrite", "rewrite sentences: arguments, a file, or lines on standard input");
  command->add_option("text", options->texts,
                      "texts to rewrite, each as one argument; none: lines on standard input");
  command->add_option("--file,-f", options->file, "rewrite the lines of this file instead")->excludes("text");
  command
      ->add_option("--preset,-p", options->preset,
                   "what to do: grammar, simplify, formal, friendly, shorten, paraphrase")
      ->capture_default_str();
  command->add_option("--language,-l", options->language, "language of the preset's instruction")
      ->capture_default_str();
  command->add_option("--instruction,-i", options->instruction,
                      "an instruction of your own instead of a preset");
  command
      ->add_option_function<std::string>(
          "--split", [options](const std::string& split) { options->by_sentence = split == "sentences"; },
          "what is rewritten for itself: sentences, or none (all of a text together); without, what the preset says")
      ->check(CLI::IsMember({"sentences", "none"}));
  add_lean_option(*command, options->runtime);
  CLI::Option* restrain = command->add_flag_callback(
      "--restrain", [options] { options->restrained = true; },
      "leave a text (a sentence, if it is split) as it is where its answer is cut short, far longer or shorter, or loses or invents a number, a link or a "
      "placeholder: so with presets that an adapter was trained for");
  command->add_flag_callback("--no-restrain", [options] { options->restrained = false; }, "take any answer")
      ->excludes(restrain);
  command
      ->add_option("--edit-confidence", options->edit_confidence,
                   "how sure of an edit the model must be, against leaving the text as it is; up to 0.5: as it likes")
      ->check(CLI::Range(0.0f, engine::kMostEditConfidence));
  command->add_option("--presets", options->presets_file, "a TOML file with presets of your own");
  command->add_flag("--json", options->as_json, "one JSON object a line, with token counts and times");
  command->add_flag(
      "--explain", options->explain,
      "show where each word came from: copied from the source, known, or computed, and in which pass");
  command->add_flag("--time", options->show_time,
                    "the time of each on standard error (on a terminal always)");
  command->add_flag_callback(
      "--no-pinned-preset", [options] { options->pin_preset = false; },
      "compute the preset's instruction, rather than keep its KV memory on disk for the next start");
  options->runtime.packed_cache = packed_directory().string();
  add_model_option(*command, options->runtime);
  add_adapter_options(*command, options->runtime);
  add_executor_options(*command, options->runtime);
  add_drafting_option(*command, options->runtime);
  command->footer(
      "\nOn a terminal text appears as it comes; elsewhere there is one line out for each line in. A line "
      "that cannot\n"
      "be rewritten is reported and copied; the others go on. With the preset grammar each sentence of a text is rewritten\n"
      "for itself, side by side; the spacing between them stays." +
      help_footer("  riposte rewrite \"She go to school every day.\"\n"
                  "  riposte rewrite --explain \"I has never saw such a beautiful garden.\"\n"
                  "  riposte rewrite --preset formal --json < letter.txt\n"
                  "  riposte rewrite --model smollm2 --adapter grammar=grammar.gguf \"She go to school.\""));
  command->callback([options, &run] {
    run = [options] {
      const auto status = run_rewrite(*options);
      return status ? *status : report(status.error());
    };
  });
}

}  // namespace riposte::apps
