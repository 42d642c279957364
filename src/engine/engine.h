// The engine: one thread owns all sequences and runs the step loop; everyone else talks to it by one queue.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "drafting/drafter.h"
#include "engine/request.h"
#include "engine/token_text.h"
#include "model/executor.h"
#include "tokenizer/tokenizer.h"

namespace riposte::engine {

struct EngineOptions {
  int32_t max_queued = 256;    // requests that wait for their first step; further ones are refused with kBusy
  int32_t max_sequences = 32;  // requests in one step
  int32_t prefill_chunk = 128;                 // rows that one step spends on prompts at most
  const drafting::Drafter* drafter = nullptr;  // null: no guesses; else it must outlive the engine
  int32_t max_draft = 48;                      // guesses of one request in one step
  std::vector<float> step_cost = {};           // [rows]: see drafting::choose; empty: rows are free
};

class Engine {
 public:
  // Starts the thread. `executor` and `tokenizer` must outlive the engine.
  Engine(model::Executor& executor, const tokenizer::Tokenizer& tokenizer, EngineOptions options = {});
  Engine(model::Executor& executor, std::unique_ptr<const TokenText> text, EngineOptions options = {});
  // Cancels what runs or waits, tells every listener, joins the thread. Not to be called by a listener.
  ~Engine();

  // Thread-safe, also for listeners; these may be called before submit() returns. Errors: kInvalidArgument
  // and kTooLarge (see validate() in request.h), kBusy (the queue is full), kCancelled (the engine is being
  // destroyed). After an error no listener is called.
  Result<RequestId> submit(Request request, Listener listener);
  // Thread-safe; unknown or finished ids are ignored. The request ends within one step, with kCancelled.
  void cancel(RequestId id);
  // Thread-safe. Complete up to the last step that ended, or the one before.
  Totals totals() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace riposte::engine
