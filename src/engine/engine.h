// The engine: one thread owns all sequences and runs the step loop; everyone else talks to it by one queue.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "drafting/drafter.h"
#include "engine/pins.h"
#include "engine/request.h"
#include "engine/token_text.h"
#include "model/executor.h"
#include "tokenizer/tokenizer.h"

namespace riposte::engine {

struct EngineOptions {
  int32_t max_queued = 256;    // requests that wait for their first step; further ones are refused with kBusy
  int32_t max_sequences = 32;  // requests in one step
  int32_t prefill_chunk = 128;  // rows that one step spends on prompts at most ...
  double max_step_ms = 200;  // ... and where step_cost says that it would take longer: fewer, so that those
                             // who decode or arrive wait no longer than that; 0: no bound
  const drafting::Drafter* drafter = nullptr;  // null: no guesses; else it must outlive the engine
  int32_t max_draft = 48;                      // guesses of one request in one step
  // [rows], milliseconds: decides how much is guessed (drafting::choose), how much of a prompt a step reads,
  // and who goes first. Empty: rows are free.
  std::vector<float> step_cost = {};
  PinOptions pins = {};                                 // beginnings that stay in KV memory
  std::function<Clock::time_point()> now = Clock::now;  // a test's own clock
};

class Engine {
 public:
  // Restores what is pinned and starts the thread. `executor` and `tokenizer` must outlive the engine.
  Engine(model::Executor& executor, const tokenizer::Tokenizer& tokenizer, EngineOptions options = {});
  Engine(model::Executor& executor, std::unique_ptr<const TokenText> text, EngineOptions options = {});
  // Cancels what runs or waits, tells every listener, joins the thread. Not to be called by a listener.
  ~Engine();

  // Thread-safe, also for listeners; these may be called before submit() returns. Errors: kInvalidArgument
  // and kTooLarge (see validate() in request.h), kUnsupported (pooling, with an executor that shows no hidden states), kBusy (the queue is full, or too long for the deadline; with
  // the time to come back), kDeadline (it cannot be met at all), kCancelled (the engine is being destroyed).
  // After an error no listener is called.
  Result<RequestId> submit(Request request, Listener listener);
  // Thread-safe; unknown or finished ids are ignored. The request ends within one step, with kCancelled.
  void cancel(RequestId id);
  // Thread-safe. Ends what a request with these fields would supersede (Request::supersedes), for one that
  // needs no computing itself. Within one step.
  void supersede(uint64_t owner, std::string key, uint64_t batch);
  // Thread-safe. Complete up to the last step that ended, or the one before.
  Totals totals() const;
  // Thread-safe. As of the last step, and with what has been submitted since.
  Load load() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace riposte::engine
