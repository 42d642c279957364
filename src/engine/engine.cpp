#include "engine/engine.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "constraint/token_trie.h"
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

// The model's context, or what fits into the KV memory beside what is pinned if that is less.
int32_t usable_context(const model::ExecutorLimits& limits, const PinOptions& pins) {
  RIPOSTE_CHECK(limits.pages > 0 && limits.page_size > 0 && limits.max_rows > 0 && limits.max_logit_rows > 0);
  const int64_t pages = int64_t{limits.pages} - pages_to_pin(pins, limits);
  return static_cast<int32_t>(std::min(int64_t{limits.context_length}, pages * int64_t{limits.page_size}));
}

}  // namespace

struct Engine::State {
  State(model::Executor& executor, std::unique_ptr<const TokenText> token_text,
        const EngineOptions& engine_options)
      : options(engine_options),
        vocabulary(executor.limits().vocabulary),
        shows_hidden_states(executor.limits().hidden > 0),
        adapters(executor.limits().adapters),
        context_length(usable_context(executor.limits(), engine_options.pins)),
        text(std::move(token_text)),
        loop(executor, *text, options),
        forecast(loop.forecast()) {
    loop.begin();  // here, so that no request waits for the disk
  }

  void run();
  // Under the mutex.
  double work_of(const Sequence& sequence) const;
  void add_to_forecast(const Sequence& sequence);
  tl::unexpected<Error> queue_is_full(int64_t queued) const;
  // Built for the first request with a constraint: most servers never see one.
  std::shared_ptr<const constraint::TokenTrie> token_trie();

  const EngineOptions options;
  const int32_t vocabulary;
  const bool shows_hidden_states;
  const int32_t adapters;
  const int32_t context_length;
  const std::unique_ptr<const TokenText> text;
  StepLoop loop;  // the thread's own
  std::once_flag trie_is_built;
  std::shared_ptr<const constraint::TokenTrie> trie;

  // Shared between the threads, under the mutex.
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::unique_ptr<Sequence>> submitted;
  std::vector<RequestId> cancelled;
  std::vector<Supersession> superseded;
  Forecast forecast;  // of what the thread had when it last looked, and what has been submitted since
  int32_t waiting_in_loop = 0;  // submitted, taken by the thread, not admitted when it last looked
  Totals totals;
  Load load;
  bool stopping = false;
  RequestId last_id = 0;

  std::thread thread;
};

double Engine::State::work_of(const Sequence& sequence) const {
  return forecast.pace.work_of(sequence.prompt_tokens(), sequence.expected_tokens());
}

void Engine::State::add_to_forecast(const Sequence& sequence) {
  forecast.others.push_back({sequence.turn(), work_of(sequence), false, sequence.deadline()});
}

tl::unexpected<Error> Engine::State::queue_is_full(int64_t queued) const {
  const int64_t retry = forecast.retry_after_ms();
  return tl::unexpected(
      Error{ErrorCode::kBusy,
            fmt::format("{} requests are waiting already; try again in {} ms", queued, retry), retry});
}

std::shared_ptr<const constraint::TokenTrie> Engine::State::token_trie() {
  std::call_once(trie_is_built, [this] {
    trie = std::make_shared<constraint::TokenTrie>(
        vocabulary, [this](TokenId token) { return text->bytes(token); },
        [this](TokenId token) { return text->is_end(token); });
  });
  return trie;
}

void Engine::State::run() {
  std::vector<std::unique_ptr<Sequence>> arrived;
  std::vector<RequestId> left;
  std::vector<Supersession> newer;
  while (true) {
    {
      std::unique_lock lock(mutex);
      waiting_in_loop = loop.waiting();
      totals = loop.totals();
      load = loop.load();
      loop.refresh(forecast);
      for (const auto& sequence : submitted) add_to_forecast(*sequence);
      if (loop.idle()) {
        changed.wait(lock, [this] {
          return stopping || !submitted.empty() || !cancelled.empty() || !superseded.empty();
        });
      }
      std::swap(arrived, submitted);
      std::swap(left, cancelled);
      std::swap(newer, superseded);
      waiting_in_loop += static_cast<int32_t>(arrived.size());
      if (stopping) break;
    }
    for (const Supersession& supersession : newer) loop.supersede(supersession);
    for (auto& sequence : arrived) loop.add(std::move(sequence));
    for (const RequestId id : left) loop.cancel(id);
    arrived.clear();
    left.clear();
    newer.clear();
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
  if (auto check = validate(request, state.vocabulary, state.context_length, state.adapters); !check)
    return pass_on(check);
  if (request.pooling && !state.shows_hidden_states)
    return fail(ErrorCode::kUnsupported, "this executor gives no embeddings");
  const Clock::time_point now = state.options.now();
  const std::optional<Clock::time_point> deadline = request.deadline;
  const bool follows = request.follows_accepted;
  const std::shared_ptr<const constraint::Grammar> constraint = request.constraint;
  auto sequence =
      std::make_unique<Sequence>(std::move(request), std::move(listener), state.context_length, now);
  if (constraint) sequence->constrain(constraint, state.token_trie());
  RequestId id = 0;
  {
    const std::lock_guard lock(state.mutex);
    if (state.stopping) return fail(ErrorCode::kCancelled, "the engine is stopping");
    const auto queued = static_cast<int64_t>(state.submitted.size()) + state.waiting_in_loop;
    if (queued >= state.options.max_queued && !follows) return state.queue_is_full(queued);
    const double work = state.work_of(*sequence);
    sequence->set_turn(turn_of(now, state.forecast.pace.ms_for(work)));
    if (deadline) {
      auto possible = state.forecast.check_deadline({sequence->turn(), work, false, deadline}, now);
      if (!possible) return pass_on(possible);
    }
    id = ++state.last_id;
    sequence->set_id(id);
    state.add_to_forecast(*sequence);
    state.submitted.push_back(std::move(sequence));
  }
  state.changed.notify_one();
  return id;
}

void Engine::supersede(uint64_t owner, std::string key, uint64_t batch) {
  {
    const std::lock_guard lock(state_->mutex);
    Supersession newer{owner, std::move(key), batch};
    for (const auto& sequence : state_->submitted) {  // the thread has not seen these
      if (sequence->is_superseded_by(newer)) sequence->fail(superseded_error());
    }
    state_->superseded.push_back(std::move(newer));
  }
  state_->changed.notify_one();
}

Load Engine::load() const {
  const std::lock_guard lock(state_->mutex);
  Load load = state_->load;
  load.waiting = state_->waiting_in_loop + static_cast<int32_t>(state_->submitted.size());
  return load;
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
