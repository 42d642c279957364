#include "apps/server_options.h"

#include <chrono>

#include "apps/logging.h"
#include "cache/redis.h"

namespace riposte::apps {
namespace {

constexpr int kYear = 365 * 24 * 3600;  // seconds

void add_listening(CLI::App& command, server::ServerOptions& options) {
  command.add_option("--host", options.address, "address to listen on")->capture_default_str();
  command.add_option("--port", options.port, "port to listen on; 0: any that is free")->capture_default_str();
  command.add_option("--tls-certificate", options.tls_certificate,
                     "a certificate (PEM, with its chain): HTTPS only");
  command.add_option("--tls-key", options.tls_key, "the key of the certificate (PEM, without a passphrase)");
  command.add_option("--server-threads", options.threads, "threads for connections; the model has its own")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  command.add_option("--max-connections", options.max_connections, "connections at the same time")
      ->check(CLI::Range(size_t{1}, size_t{1} << 20))
      ->capture_default_str();
  command.add_option("--max-body", options.max_body_bytes, "the longest body of a request, as 8MiB")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->default_str("8MiB");
  command
      .add_option_function<int>(
          "--drain-seconds", [&options](int seconds) { options.stop_grace = std::chrono::seconds(seconds); },
          "how long running requests may take to finish once the server is told to stop")
      ->check(CLI::Range(0, kYear))
      ->default_str("10");
}

void add_access(CLI::App& command, ServerSettings& settings) {
  command.add_option(
      "--keys", settings.keys_file,
      "a TOML file of API keys, as 'riposte key new' writes it: who has none of them gets a 401");
  command
      .add_option("--key-requests-per-minute", settings.key_limits.requests_per_minute,
                  "requests a minute of each key that names no limit of its own; 0: any number")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      .add_option("--key-concurrent", settings.key_limits.concurrent,
                  "requests at the same time of each key that names no limit of its own; 0: any number")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command.add_flag(
      "--share-between-keys", settings.options.share_between_keys,
      "let answers, guesses and computed prompts of one key serve the others: faster, but times may tell "
      "one user what another one asked");
  command.add_flag("--allow-anonymous", settings.options.allow_anonymous,
                   "listen without keys on an address that others can reach");
  command.add_flag("--open-metrics", settings.options.open_metrics, "GET /metrics needs no key");
  command.add_option(
      "--allow-origin", settings.options.allowed_origins,
      "a site whose pages may use this server, as https://example.org; *: any; may be repeated");
}

void add_log(CLI::App& command, ServerSettings& settings) {
  command.add_option("--log-format", settings.log_format, "text, or json: one object a line")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command
      .add_option("--log-level", settings.log_level, "info: a line for each request; warning, error: less")
      ->check(CLI::IsMember({"info", "warning", "error"}))
      ->capture_default_str();
  command.add_flag("--log-text", settings.options.log_text, "log what was asked, too: texts of users!");
}

void add_cache(CLI::App& command, ServerSettings& settings) {
  server::ServerOptions& options = settings.options;
  command
      .add_option("--response-cache", options.cache_bytes,
                  "memory for answers that were given before, as 64MiB; 0: none")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->default_str("64MiB");
  command
      .add_option_function<int>(
          "--response-cache-seconds",
          [&options](int seconds) { options.cache_time_to_live = std::chrono::seconds(seconds); },
          "how long an answer may be given again")
      ->check(CLI::Range(1, kYear))
      ->default_str("3600");
  command.add_option("--redis", settings.redis_url,
                     "share those answers with other servers of the same model, through Redis: "
                     "redis://[[user]:password@]host[:port][/database] or unix:///path");
  command
      .add_option("--redis-timeout-ms", settings.redis_timeout_ms,
                  "how long a request may wait for Redis before it is computed anyway")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
}

Result<std::shared_ptr<cache::SharedAnswers>> shared_answers(const ServerSettings& settings) {
  if (settings.redis_url.empty()) return nullptr;
  auto redis = cache::parse_redis_url(settings.redis_url);
  if (!redis) return pass_on(redis);
  redis->timeout = std::chrono::milliseconds(settings.redis_timeout_ms);
  redis->time_to_live = settings.options.cache_time_to_live;
  return cache::share_through_redis(*redis);
}

}  // namespace

void add_server_options(CLI::App& command, ServerSettings& settings) {
  add_listening(command, settings.options);
  add_access(command, settings);
  add_log(command, settings);
  add_cache(command, settings);
}

Result<server::ServerOptions> resolve(const ServerSettings& settings) {
  server::ServerOptions options = settings.options;
  const bool as_json = settings.log_format == "json";
  configure_logging(as_json, settings.log_level);
  if (settings.log_level == "info") {
    options.log_requests = as_json ? server::LogFormat::kJson : server::LogFormat::kText;
  }
  if (!settings.keys_file.empty()) {
    auto keys = server::ApiKeys::load(settings.keys_file, settings.key_limits);
    if (!keys) return pass_on(keys);
    options.keys = std::move(*keys);
  }
  auto shared = shared_answers(settings);
  if (!shared) return pass_on(shared);
  options.shared_answers = std::move(*shared);
  return options;
}

}  // namespace riposte::apps
