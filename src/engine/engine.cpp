#include "engine/engine.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "engine/step_loop.h"

namespace riposte::engine {
namespace {

class TokenizerText final : public TokenText {
 public:
  explicit TokenizerText(const tokenizer::Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  std::string_view bytes(TokenId token) const override { return tokenizer_.token_bytes(token); }
  bool is_end(TokenId token) const override { return tokenizer_.is_end(token); }

 private:
  const tokenizer::Tokenizer& tokenizer_;
};

// The model's context, or what fits into the KV memory if that is less.
int32_t usable_context(const model::ExecutorLimits& limits) {
  RIPOSTE_CHECK(limits.pages > 0 && limits.page_size > 0 && limits.max_rows > 0 && limits.max_logit_rows > 0);
  return static_cast<int32_t>(
      std::min(int64_t{limits.context_length}, int64_t{limits.pages} * int64_t{limits.page_size}));
}

}  // namespace

struct Engine::State {
  State(model::Executor& executor, std::unique_ptr<const TokenText> token_text,
        const EngineOptions& engine_options)
      : options(engine_options),
        vocabulary(executor.limits().vocabulary),
        context_length(usable_context(executor.limits())),
        text(std::move(token_text)),
        loop(executor, *text, options) {}

  void run();

  const EngineOptions options;
  const int32_t vocabulary;
  const int32_t context_length;
  const std::unique_ptr<const TokenText> text;
  StepLoop loop;  // the thread's own

  // Shared between the threads, under the mutex.
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::unique_ptr<Sequence>> submitted;
  std::vector<RequestId> cancelled;
  int32_t waiting_in_loop = 0;  // submitted, taken by the thread, not admitted when it last looked
  Totals totals;
  bool stopping = false;
  RequestId last_id = 0;

  std::thread thread;
};

void Engine::State::run() {
  std::vector<std::unique_ptr<Sequence>> arrived;
  std::vector<RequestId> left;
  while (true) {
    {
      std::unique_lock lock(mutex);
      waiting_in_loop = loop.waiting();
      totals = loop.totals();
      if (loop.idle()) {
        changed.wait(lock, [this] { return stopping || !submitted.empty() || !cancelled.empty(); });
      }
      std::swap(arrived, submitted);
      std::swap(left, cancelled);
      waiting_in_loop += static_cast<int32_t>(arrived.size());
      if (stopping) break;
    }
    for (auto& sequence : arrived) loop.add(std::move(sequence));
    for (const RequestId id : left) loop.cancel(id);
    arrived.clear();
    left.clear();
    loop.step();
  }
  for (auto& sequence : arrived) loop.add(std::move(sequence));
  loop.cancel_all();
}

Engine::Engine(model::Executor& executor, const tokenizer::Tokenizer& tokenizer, EngineOptions options)
    : Engine(executor, std::make_unique<TokenizerText>(tokenizer), options) {}

Engine::Engine(model::Executor& executor, std::unique_ptr<const TokenText> text, EngineOptions options)
    : state_(std::make_unique<State>(executor, std::move(text), options)) {
  state_->thread = std::thread([state = state_.get()] { state->run(); });
}

Engine::~Engine() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_one();
  state_->thread.join();
}

Result<RequestId> Engine::submit(Request request, Listener listener) {
  State& state = *state_;
  if (auto check = validate(request, state.vocabulary, state.context_length); !check) return pass_on(check);
  auto sequence = std::make_unique<Sequence>(std::move(request), std::move(listener), state.context_length);
  RequestId id = 0;
  {
    const std::lock_guard lock(state.mutex);
    if (state.stopping) return fail(ErrorCode::kCancelled, "the engine is stopping");
    const auto queued = static_cast<int64_t>(state.submitted.size()) + state.waiting_in_loop;
    if (queued >= state.options.max_queued) {
      return fail(ErrorCode::kBusy, "{} requests are waiting already; try again later", queued);
    }
    id = ++state.last_id;
    sequence->set_id(id);
    state.submitted.push_back(std::move(sequence));
  }
  state.changed.notify_one();
  return id;
}

Totals Engine::totals() const {
  const std::lock_guard lock(state_->mutex);
  return state_->totals;
}

void Engine::cancel(RequestId id) {
  {
    const std::lock_guard lock(state_->mutex);
    state_->cancelled.push_back(id);
  }
  state_->changed.notify_one();
}

}  // namespace riposte::engine
