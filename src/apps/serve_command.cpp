// riposte serve: models behind HTTP until a signal says stop.
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "apps/command.h"
#include "apps/config_file.h"
#include "apps/home.h"
#include "apps/resident_model.h"
#include "apps/runtime.h"
#include "apps/server_options.h"
#include "server/server.h"

namespace riposte::apps {
namespace {

struct Options {
  std::string config_file;
  ServerSettings server;
  RuntimeOptions runtime;
  ShelfPlan shelf = {.keep_alive = std::chrono::minutes(5)};
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
  const rewrite::Presets& all_presets = presets ? *presets : rewrite::Presets::built_in();
  RuntimeOptions runtime = options.runtime;
  if (options.pin_presets) runtime.pinned = all_presets.all();
  ShelfPlan plan = options.shelf;
  if (plan.models.empty() && !plan.on_demand) plan.models.push_back(kDefaultModel);
  const auto shelf = fill_shelf(plan, runtime, all_presets);
  if (!shelf) return pass_on(shelf);
  server::Server server(*listening, *shelf, all_presets);
  const auto port = server.start();
  if (!port) return pass_on(port);
  print_invitation(*listening, *port, (*shelf)->list().front().name);

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
  command
      ->add_option(
          "--model,-m", options->shelf.models,
          "a name of the catalogue, or the path of a .gguf file; may be given again: all of them stay in "
          "memory, and a request names the one that it means")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->default_str(kDefaultModel);
  add_adapter_options(*command, options->runtime);
  command->add_flag(
      "--on-demand", options->shelf.on_demand,
      "serve whatever lies in the models folder, too: a model is loaded when somebody asks for it");
  command
      ->add_option_function<int>(
          "--keep-alive",
          [options](int seconds) {
            options->shelf.keep_alive =
                seconds < 0 ? server::KeepAlive() : server::KeepAlive(std::chrono::seconds(seconds));
          },
          "seconds that a model loaded on demand stays after its last request; -1: for ever")
      ->check(CLI::Range(-1, 365 * 24 * 3600))
      ->default_str("300");
  command
      ->add_option("--model-memory", options->shelf.memory_bytes,
                   "memory for all models together, as 8GiB: beyond, the one that was used least recently "
                   "leaves; 0: no "
                   "bound")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->default_str("0");
  command
      ->add_option("--pooling", options->runtime.pooling,
                   "what an embedding is made of where a request does not say: mean (of all tokens), or last; without, as the "
                   "model's file says, mean where it does not")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, engine::Pooling>{{"mean", engine::Pooling::kMean}, {"last", engine::Pooling::kLast}}));
  add_lean_option(*command, options->runtime);
  add_executor_options(*command, options->runtime);
  add_drafting_option(*command, options->runtime);
  add_config_option(*command, options->config_file);
  command->footer(kConfigHelp + help_footer("  riposte serve --model qwen --port 8080\n"
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
