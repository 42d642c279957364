// riposte pull: fetches a model into the models directory.
#include <cstdio>
#include <memory>

#include "apps/catalogue.h"
#include "apps/command.h"
#include "apps/home.h"
#include "apps/output.h"
#include "apps/pull/pull.h"

namespace riposte::apps {
namespace {

struct Options {
  std::string what;
  bool verify = false;
  bool quiet = false;
};

Result<CatalogueEntry> choose(const Catalogue& catalogue, const std::string& what) {
  if (const CatalogueEntry* known = catalogue.find(what)) return *known;
  if (what.find('/') != std::string::npos) return entry_for_location(what);
  return fail(ErrorCode::kNotFound, "there is no model '{}' in the catalogue; it knows {}", what,
              catalogue.names());
}

Result<void> list(const Catalogue& catalogue) {
  std::string text;
  for (const CatalogueEntry& entry : catalogue.entries()) {
    std::error_code ignored;
    const bool here = std::filesystem::exists(models_directory() / entry.file, ignored);
    text += fmt::format("{:<12} {:>8}  {:<12} {}{}\n", entry.name, format_bytes(entry.size_bytes),
                        entry.licence, entry.title, here ? "  (here)" : "");
  }
  return Output::standard().write(text);
}

Result<void> run_pull(const Options& options) {
  const auto catalogue = Catalogue::load();
  if (!catalogue) return pass_on(catalogue);
  if (options.what.empty()) return list(*catalogue);
  const auto entry = choose(*catalogue, options.what);
  if (!entry) return pass_on(entry);
  const auto pulled =
      pull(*entry, {.models = models_directory(),
                    .scratch = downloads_directory(),
                    .verify = options.verify,
                    .progress = options.quiet ? Progress::Style::kSilent : Progress::style_for_stderr()});
  if (!pulled) return pass_on(pulled);
  if (!options.quiet) {
    if (!pulled->sha256.empty()) fmt::print(stderr, "SHA-256 {}\n", pulled->sha256);
    if (pulled->was_there) fmt::print(stderr, "{} was here already\n", entry->file);
  }
  return Output::standard().write(pulled->path.string() + "\n");
}

}  // namespace

void add_pull_command(CLI::App& app, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("pull", "fetch a model, verified, going on where an earlier try ended");
  command->add_option(
      "what", options->what,
      "a name of the catalogue, an https:// address, or owner/repo/file on Hugging Face; none: list");
  command->add_flag("--verify", options->verify, "hash a file that is already here, too");
  command->add_flag("--quiet,-q", options->quiet, "no progress");
  command->footer(
      "\nThe path of the file is printed on standard output. A file catalogue.toml in RIPOSTE_HOME adds "
      "names." +
      help_footer("  riposte pull qwen\n  riposte pull owner/repo/model-q4_k_m.gguf"));
  command->callback([options, &run] {
    run = [options] {
      const auto done = run_pull(*options);
      return done ? kExitOk : report(done.error());
    };
  });
}

}  // namespace riposte::apps
