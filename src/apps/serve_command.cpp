// riposte serve: one model behind HTTP until a signal says stop.
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <ctime>
#include <memory>
#include <optional>
#include <thread>

#include "apps/command.h"
#include "apps/config_file.h"
#include "apps/fingerprint.h"
#include "apps/home.h"
#include "apps/model_details.h"
#include "apps/runtime.h"
#include "apps/server_options.h"
#include "engine/engine.h"
#include "server/server.h"

namespace riposte::apps {
namespace {

struct Options {
  std::string config_file;
  ServerSettings server;
  RuntimeOptions runtime;
  std::string presets_file;
  bool pin_presets = true;
};

// Each connection needs a descriptor, and systems allow few unless asked.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

void print_invitation(const server::ServerOptions& options, uint16_t port, const std::string& model) {
  const std::string& address = options.address;
  const std::string scheme = options.tls_certificate.empty() ? "http" : "https";
  const std::string key = options.keys.empty() ? "" : "-H 'Authorization: Bearer KEY' ";
  const std::string host = address.find(':') == std::string::npos ? address : fmt::format("[{}]", address);
  fmt::print(
      "Serving {} at {}://{}:{} (Ctrl-C stops). Open it in a browser, or try:\n\n"
      "  curl {}://{}:{}/v1/chat/completions {}-H 'Content-Type: application/json' -d '{{\n"
      "    \"model\": \"{}\", \"messages\": [\n"
      "      {{\"role\": \"system\", \"content\": \"Correct the grammar of the sentence. Reply with the "
      "sentence only.\"}},\n"
      "      {{\"role\": \"user\", \"content\": \"She go to school every day.\"}}]}}'\n\n",
      model, scheme, host, port, scheme, host, port, key, model);
  std::fflush(stdout);
}

Result<void> run_serve(const Options& options) {
  // Blocked before any thread starts, so that all threads inherit it and the signals come to sigwait alone. A
  // client that leaves must not end the server.
  const sigset_t signals = stop_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  raise_descriptor_limit();

  auto listening = resolve(options.server);
  if (!listening) return pass_on(listening);

  std::optional<rewrite::Presets> presets;
  if (!options.presets_file.empty()) {
    auto loaded = rewrite::Presets::load(options.presets_file);
    if (!loaded) return pass_on(loaded);
    presets = std::move(*loaded);
  }
  RuntimeOptions runtime_options = options.runtime;
  if (options.pin_presets) runtime_options.pinned = presets ? &*presets : &rewrite::Presets::built_in();
  const auto runtime = Runtime::open(runtime_options);
  if (!runtime) return pass_on(runtime);
  std::optional<chat::Template> chat_template;
  if (!runtime->model().chat_template.empty()) {
    auto parsed = parse_chat_template(runtime->model());
    if (!parsed) return pass_on(parsed);
    chat_template = std::move(*parsed);
  }
  engine::Engine engine(runtime->executor(), runtime->tokenizer(), runtime->engine_options());
  server::Server server(*listening,
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
  print_invitation(*listening, *port, runtime->name());

  int signal = 0;
  sigwait(&signals, &signal);
  spdlog::info("stopping: running requests may finish for {} seconds, a second signal ends at once",
               std::chrono::duration_cast<std::chrono::seconds>(listening->stop_grace).count());
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
  add_server_options(*command, options->server);
  command->add_option("--presets", options->presets_file, "a TOML file with presets of your own");
  command->add_flag_callback(
      "--no-pinned-presets", [options] { options->pin_presets = false; },
      "compute the instructions of presets when they are asked for, rather than keep them in KV memory from "
      "the "
      "start and on disk for the next one");
  options->runtime.packed_cache = packed_directory().string();
  add_model_option(*command, options->runtime);
  add_executor_options(*command, options->runtime);
  add_drafting_option(*command, options->runtime);
  add_config_option(*command, options->config_file);
  command->footer(
      kConfigHelp + help_footer("  riposte serve --model qwen --port 8080\n"
                  "  curl http://127.0.0.1:8080/v1/models"));
  command->callback([options, command, &run] {
    run = [options, command] {
      const auto configured = apply_config_file(*command, options->config_file);
      if (!configured) return report(configured.error());
      const auto done = run_serve(*options);
      return done ? kExitOk : report(done.error());
    };
  });
}

}  // namespace riposte::apps
