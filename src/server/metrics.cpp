#include "server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <utility>

namespace riposte::server {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Registry;
using Labels = std::map<std::string, std::string>;

// From what a cached answer takes to what nobody waits for, about three bounds in each power of ten.
const Histogram::BucketBoundaries kSeconds = {
    0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30};
const Histogram::BucketBoundaries kTokensPerPass = {1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 12, 16, 32};

Histogram& seconds(Registry& registry, const std::string& name, const std::string& help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add({}, kSeconds);
}

Gauge& gauge(Registry& registry, const std::string& name, const std::string& help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

double in_seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

// Of this process, in bytes: the second number of /proc/self/statm is in pages (proc(5)).
double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t size = 0, resident = 0;
  statm >> size >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// A counter whose value is counted elsewhere.
void raise_to(Counter& counter, int64_t value) {
  const double more = static_cast<double>(value) - counter.Value();
  if (more > 0) counter.Increment(more);
}

}  // namespace

struct Metrics::State {
  Counter& counter(const std::string& name, const std::string& help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
  }

  Registry registry;
  prometheus::Family<Counter>& answers = prometheus::BuildCounter()
                                             .Name("riposte_http_answers_total")
                                             .Help("HTTP answers by status")
                                             .Register(registry);
  Histogram& parse = seconds(registry, "riposte_parse_seconds",
                             "From the whole request to the engine: JSON, template, tokens");
  Histogram& queue = seconds(registry, "riposte_queue_seconds", "Waiting for the first step");
  Histogram& prefill = seconds(registry, "riposte_prefill_seconds", "From the first step to the first token");
  Histogram& decode = seconds(registry, "riposte_decode_seconds", "From the first token to the end");
  Histogram& first_token =
      seconds(registry, "riposte_first_token_seconds", "From the whole request to the first token");
  Histogram& total =
      seconds(registry, "riposte_answer_seconds", "From the whole request to the whole answer");
  Histogram& tokens_per_pass = prometheus::BuildHistogram()
                                   .Name("riposte_tokens_per_pass")
                                   .Help("Tokens of an answer for each pass over the weights")
                                   .Register(registry)
                                   .Add({}, kTokensPerPass);
  Counter& requests = counter("riposte_requests_total", "Requests that the engine has finished, however");
  Counter& steps = counter("riposte_steps_total", "Passes over the weights, shared by all requests");
  Counter& rows = counter("riposte_step_rows_total", "Rows of all passes");
  Counter& prompt_tokens = counter("riposte_prompt_tokens_total", "Tokens of prompts");
  Counter& cached_tokens =
      counter("riposte_prompt_tokens_cached_total", "Tokens of prompts that the KV cache had");
  Counter& output_tokens = counter("riposte_output_tokens_total", "Tokens of answers");
  Counter& cache_hits = counter("riposte_response_cache_hits_total", "Answers that were given before");
  Counter& cache_misses =
      counter("riposte_response_cache_misses_total", "Cacheable requests that had to be computed");
  Counter& shared_hits = counter("riposte_shared_cache_hits_total", "Answers that another server had given");
  Counter& shared_misses = counter("riposte_shared_cache_misses_total", "Answers that no server had given");
  Counter& shared_skipped = counter("riposte_shared_cache_skipped_total",
                                    "Requests that did not ask the shared cache: it was not there");
  Counter& shared_failures = counter("riposte_shared_cache_failures_total",
                                     "Lost connections and damaged values of the shared cache");
  Gauge& cache_bytes = gauge(registry, "riposte_response_cache_bytes", "Memory of the response cache");
  Gauge& connections = gauge(registry, "riposte_connections", "Open connections");
  Gauge& resident =
      gauge(registry, "riposte_resident_bytes", "Memory of the process, the model's file included");
  Gauge& waiting = gauge(registry, "riposte_requests_waiting", "Requests that wait for their first step");
  Gauge& running = gauge(registry, "riposte_requests_running", "Requests that are being answered");
  Gauge& kv_in_use = gauge(registry, "riposte_kv_in_use_ratio",
                           "Part of the KV memory that running requests hold or were promised");
  void tell_routers(const Now& now);
  prometheus::TextSerializer serializer;
};

// The names of the protocol's table, in which a fraction of 1 is called a percentage. There are no adapters.
void Metrics::State::tell_routers(const Now& now) {
  const engine::Load& load = now.load;
  const double used = load.pages > 0 ? static_cast<double>(load.pages_in_use) / load.pages : 0.0;
  waiting.Set(load.waiting);
  running.Set(load.running);
  kv_in_use.Set(used);
  const auto set = [&](const std::string& name, const std::string& help, Labels labels, double value) {
    labels.emplace("model_name", now.model);
    prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add(labels).Set(value);
  };
  set("vllm:num_requests_waiting", "As riposte_requests_waiting", {}, load.waiting);
  set("vllm:num_requests_running", "As riposte_requests_running", {}, load.running);
  set("vllm:kv_cache_usage_perc", "As riposte_kv_in_use_ratio", {}, used);
  set("vllm:gpu_cache_usage_perc", "The same by its older name", {}, used);
  set("vllm:cache_config_info", "The KV memory's pages, as labels",
      {{"block_size", std::to_string(load.page_size)}, {"num_gpu_blocks", std::to_string(load.pages)}}, 1);
  set("vllm:lora_requests_info", "Adapters, as labels; the value is the time",
      {{"max_lora", "0"}, {"running_lora_adapters", ""}, {"waiting_lora_adapters", ""}},
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count());
}

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

void Metrics::answered(int status) {
  state_->answers.Add({{"status", std::to_string(status)}}).Increment();
}

void Metrics::computed(const engine::Finish& finish, std::chrono::nanoseconds parse) {
  const engine::Timings& times = finish.timings;
  state_->parse.Observe(in_seconds(parse));
  state_->queue.Observe(in_seconds(times.queue));
  if (finish.reason != engine::FinishReason::kStop && finish.reason != engine::FinishReason::kLength) return;
  state_->prefill.Observe(in_seconds(times.prefill));
  state_->decode.Observe(in_seconds(times.decode));
  state_->first_token.Observe(in_seconds(parse + times.queue + times.prefill));
  if (finish.usage.passes > 0 && finish.usage.output_tokens > 0) {
    state_->tokens_per_pass.Observe(static_cast<double>(finish.usage.output_tokens) / finish.usage.passes);
  }
}

void Metrics::took(std::chrono::nanoseconds total) {
  state_->total.Observe(in_seconds(total));
}

std::string Metrics::text(const Now& now) {
  State& state = *state_;
  raise_to(state.requests, now.engine.requests);
  raise_to(state.steps, now.engine.steps);
  raise_to(state.rows, now.engine.rows);
  raise_to(state.prompt_tokens, now.engine.prompt_tokens);
  raise_to(state.cached_tokens, now.engine.cached_tokens);
  raise_to(state.output_tokens, now.engine.output_tokens);
  raise_to(state.cache_hits, now.cache.hits);
  raise_to(state.cache_misses, now.cache.misses);
  raise_to(state.shared_hits, now.cache.shared.hits);
  raise_to(state.shared_misses, now.cache.shared.misses);
  raise_to(state.shared_skipped, now.cache.shared.skipped);
  raise_to(state.shared_failures, now.cache.shared.failures);
  state.tell_routers(now);
  state.cache_bytes.Set(static_cast<double>(now.cache.bytes));
  state.connections.Set(static_cast<double>(now.connections));
  state.resident.Set(resident_bytes());
  return state.serializer.Serialize(state.registry.Collect());
}

}  // namespace riposte::server
