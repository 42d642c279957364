// What the server counts, for GET /metrics in Prometheus' text format.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "cache/response_cache.h"
#include "engine/request.h"

namespace riposte::server {

// Thread-safe. Names begin with "riposte_"; times are in seconds. What routers look at has the names that they know
// besides (model server protocol of the Gateway API Inference Extension, whose reference is vLLM's metrics).
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // A request was answered with this HTTP status.
  void answered(int status);
  // An answer that was computed has ended. `parse` is the time from the whole request to the engine.
  void computed(const engine::Finish& finish, std::chrono::nanoseconds parse);
  // From a whole request to its whole answer, however it came about.
  void took(std::chrono::nanoseconds total);

  // What is not counted but looked at when somebody asks.
  struct Now {
    size_t connections = 0;
    cache::ResponseCache::Counts cache;
    engine::Totals engine;
    engine::Load load;
    std::string model;  // its name
  };
  // By one thread at a time.
  std::string text(const Now& now);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace riposte::server
