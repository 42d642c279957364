// The engine: one thread owns all sequences and runs the step loop; everyone else talks to it through one queue.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"
#include "engine/request.h"
#include "model/executor.h"
#include "tokenizer/tokenizer.h"

namespace riposte::engine {

using RequestId = uint64_t;

struct EngineOptions {
  int32_t max_queued = 256;       // further requests are refused with kBusy
  int32_t max_sequences = 32;     // requests in one step
  int32_t prefill_chunk = 128;    // rows that one step spends on prompts at most
};

class Engine {
 public:
  // Starts the thread. `executor` and `tokenizer` must outlive the engine.
  Engine(model::Executor& executor, const tokenizer::Tokenizer& tokenizer, EngineOptions options = {});
  // Cancels what is running, tells every listener, joins the thread.
  ~Engine();

  // Thread-safe. Errors: kInvalidArgument (empty prompt, a token out of range, absurd parameters: the field is named),
  // kTooLarge (the prompt alone exceeds the context), kBusy (the queue is full). After an error no listener is called.
  Result<RequestId> submit(Request request, Listener listener);
  // Thread-safe; unknown or finished ids are ignored. The request ends within one step, with kCancelled.
  void cancel(RequestId id);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace riposte::engine
