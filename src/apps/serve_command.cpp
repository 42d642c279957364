// riposte serve: one model behind HTTP until a signal says stop.
#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>
#include <thread>

#include "apps/command.h"
#include "apps/fingerprint.h"
#include "apps/home.h"
#include "apps/model_details.h"
#include "apps/runtime.h"
#include "engine/engine.h"
#include "server/server.h"

namespace riposte::apps {
namespace {

struct Options {
  server::ServerOptions server;
  RuntimeOptions runtime;
  std::string presets_file;
};

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

void print_invitation(const std::string& address, uint16_t port, const std::string& model) {
  const std::string host = address.find(':') == std::string::npos ? address : fmt::format("[{}]", address);
  fmt::print(
      "Serving {} at http://{}:{} (Ctrl-C stops). Open it in a browser, or try:\n\n"
      "  curl http://{}:{}/v1/chat/completions -H 'Content-Type: application/json' -d '{{\n"
      "    \"model\": \"{}\", \"messages\": [\n"
      "      {{\"role\": \"system\", \"content\": \"Correct the grammar of the sentence. Reply with the "
      "sentence only.\"}},\n"
      "      {{\"role\": \"user\", \"content\": \"She go to school every day.\"}}]}}'\n\n",
      model, host, port, host, port, model);
  std::fflush(stdout);
}

Result<void> run_serve(const Options& options) {
  // Blocked before any thread starts, so that all threads inherit it and the signals come to sigwait alone. A
  // client that leaves must not end the server.
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  std::optional<rewrite::Presets> presets;
  if (!options.presets_file.empty()) {
    auto loaded = rewrite::Presets::load(options.presets_file);
    if (!loaded) return pass_on(loaded);
    presets = std::move(*loaded);
  }
  const auto runtime = Runtime::open(options.runtime);
  if (!runtime) return pass_on(runtime);
  std::optional<chat::Template> chat_template;
  if (!runtime->model().chat_template.empty()) {
    auto parsed = parse_chat_template(runtime->model());
    if (!parsed) return pass_on(parsed);
    chat_template = std::move(*parsed);
  }
  engine::Engine engine(runtime->executor(), runtime->tokenizer(), runtime->engine_options());
  server::Server server(options.server,
                        {.name = runtime->name(),
                         .created = static_cast<int64_t>(std::time(nullptr)),
                         .fingerprint = fingerprint(runtime->model(), options.runtime.executor),
                         .tokenizer = runtime->tokenizer(),
                         .chat_template = chat_template ? &*chat_template : nullptr,
                         .engine = engine,
                         .context_length = runtime->context_length(),
                         .details = model_details(runtime->model()),
                         .presets = presets ? *presets : rewrite::Presets::built_in()});
  const auto port = server.start();
  if (!port) return pass_on(port);
  print_invitation(options.server.address, *port, runtime->name());

  int signal = 0;
  sigwait(&signals, &signal);
  fmt::print(stderr, "riposte: stopping; running requests may finish, a second signal ends at once\n");
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);  // this thread takes the second one, by its default action
  server.stop();
  server.wait();
  return {};
}

}  // namespace

void add_serve_command(CLI::App& app, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command =
      app.add_subcommand("serve", "answer the APIs of OpenAI, of Ollama and Riposte's own on this machine");
  command->add_option("--host", options->server.address, "address to listen on")->capture_default_str();
  command->add_option("--port", options->server.port, "port to listen on; 0: any that is free")
      ->capture_default_str();
  command
      ->add_option("--response-cache", options->server.cache_bytes,
                   "memory for answers that were given before, as 64MiB; 0: none")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->default_str("64MiB");
  command
      ->add_option_function<int>(
          "--response-cache-seconds",
          [options](int seconds) { options->server.cache_time_to_live = std::chrono::seconds(seconds); },
          "how long an answer may be given again")
      ->check(CLI::Range(1, 365 * 24 * 3600))
      ->default_str("3600");
  command->add_option("--presets", options->presets_file, "a TOML file with presets of your own");
  options->runtime.packed_cache = packed_directory().string();
  add_model_option(*command, options->runtime);
  add_executor_options(*command, options->runtime);
  add_drafting_option(*command, options->runtime);
  command->footer(
      help_footer("  riposte serve --model qwen --port 8080\n"
                  "  curl http://127.0.0.1:8080/v1/models"));
  command->callback([options, &run] {
    run = [options] {
      const auto done = run_serve(*options);
      return done ? kExitOk : report(done.error());
    };
  });
}

}  // namespace riposte::apps
