// riposte key new: a key for a user of the server, told once, and its entry for the file of keys.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "apps/command.h"
#include "server/api_keys.h"

namespace riposte::apps {
namespace {

struct Options {
  std::string name;
  std::string file;
  server::KeyLimits limits;
};

Result<void> append(const std::string& path, const std::string& text) {
  const auto cannot = [&] {
    return fail(ErrorCode::kIo, "cannot add to {}: {}", path, std::generic_category().message(errno));
  };
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return cannot();
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const auto failed = cannot();
  if (::close(file) != 0 || !written) return failed;
  return {};
}

Result<void> run_new(const Options& options) {
  const auto key = server::make_api_key();
  if (!key) return pass_on(key);
  const std::string entry = server::api_key_entry(options.name, *key, options.limits);
  if (const auto valid = server::ApiKeys::parse(entry); !valid) return pass_on(valid);
  if (options.file.empty()) {
    fmt::print("{}\n\n{}", *key, entry);
    return {};
  }
  std::error_code ignored;
  if (std::filesystem::file_size(options.file, ignored) > 0 && !ignored) {
    const auto others = server::ApiKeys::load(options.file);
    if (!others) return pass_on(others);
    for (const server::ApiKey& other : others->all()) {
      if (other.name == options.name) {
        return fail(ErrorCode::kInvalidArgument, "{} has a key of the name '{}' already: choose another name",
                    options.file, options.name);
      }
    }
  }
  if (const auto added = append(options.file, "\n" + entry); !added) return added;
  fmt::print("{}\n", *key);
  return {};
}

}  // namespace

void add_key_command(CLI::App& app, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("key", "API keys of a server");
  command->require_subcommand(1);
  CLI::App* make = command->add_subcommand("new", "make a key; it is printed once and kept nowhere");
  make->add_option("--name", options->name, "whose key it is, for logs")->required();
  make->add_option("--file", options->file,
                   "the file of keys to add its hash to; none: print the entry, too");
  make->add_option("--requests-per-minute", options->limits.requests_per_minute, "0: any number")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  make->add_option("--concurrent", options->limits.concurrent, "requests at the same time; 0: any number")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  make->footer(
      help_footer("  riposte key new --name editor --file keys.toml\n"
                  "  riposte serve --keys keys.toml --host 0.0.0.0"));
  make->callback([options, &run] {
    run = [options] {
      const auto done = run_new(*options);
      return done ? kExitOk : report(done.error());
    };
  });
}

}  // namespace riposte::apps
