#include "server/exchange.h"

#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "cache/recorder.h"

namespace riposte::server {
namespace {

// The users of one key are told apart among themselves only: nobody becomes another key's user by a name.
uint64_t owner_within(uint64_t key, uint64_t user) {
  if (key == 0 || user == 0) return key + user;
  const uint64_t both[] = {key, user};
  return std::max<uint64_t>(1, XXH3_64bits(both, sizeof both));
}

// What an answer to this request can be at all, wherever it comes from.
cache::Plausible plausible_answer(const api::ServedModel& model, const engine::Request& request) {
  return {.vocabulary = static_cast<int32_t>(model.tokenizer.vocabulary_size()),
          .prompt_tokens = static_cast<int32_t>(request.prompt.size()),
          .max_tokens = request.max_tokens,
          .embedding = request.pooling ? model.embedding_size : 0};
}

}  // namespace

Exchange::Exchange(const Services& services, ModelShelf::Handle model, const ExchangeSetup& setup,
                   api::Generation& generation, std::shared_ptr<AnswerQueue> queue)
    : services_(services),
      model_(std::move(model)),
      dialect_(setup.dialect),
      clock_(setup.received),
      stream_(generation.stream),
      writer_(std::move(generation.writer)),
      queue_(std::move(queue)) {}

Exchange::~Exchange() {
  cancel();
}

void Exchange::cancel() {
  if (queue_->finished()) return;
  for (const engine::RequestId id : running_) model_->served().engine.cancel(id);
}

api::ApiResult<std::unique_ptr<Exchange>> Exchange::start(const Services& services, ModelShelf::Handle model,
                                                          api::ReadGeneration read, std::string_view body,
                                                          const ExchangeSetup& setup,
                                                          std::function<void()> wake) {
  api::ApiResult<api::Generation> generation = read(body, model->served(), setup.context);
  if (!generation) return tl::unexpected<api::ApiError>(generation.error());
  // A whole answer is bounded by the context already.
  const size_t bound = generation->stream ? setup.max_unsent_bytes : std::numeric_limits<size_t>::max();
  auto queue =
      std::make_shared<AnswerQueue>(generation->requests.size(), bound, generation->stream, std::move(wake));
  for (engine::Request& request : generation->requests) {
    request.deadline = setup.terms.deadline;
    request.supersedes = setup.terms.supersedes;
    request.batch = setup.terms.batch;
  }
  CacheUse use = setup.cache;
  if (!services.cache || !generation->repeatable) use.read = use.store = false;
  std::unique_ptr<Exchange> exchange(new Exchange(services, std::move(model), setup, *generation, queue));
  if (const auto submitted = exchange->submit(std::move(generation->requests), use, setup.owner);
      !submitted) {
    return tl::unexpected<api::ApiError>(api::from_error(submitted.error()));
  }
  return exchange;
}

Result<void> Exchange::submit(std::vector<engine::Request> requests, const CacheUse& use, uint64_t owner) {
  clock_.submitted();
  for (size_t i = 0; i < requests.size(); ++i) {
    requests[i].owner = owner_within(owner, requests[i].owner);
    requests[i].prefix_owner = owner;
    if (requests[i].adapter == model::kNoAdapter) requests[i].adapter = model_->served().adapter;
    requests[i].follows_accepted = !running_.empty();
    auto submitted = submit_one(std::move(requests[i]), use, AnswerQueue::listen(queue_, i));
    if (!submitted) return submitted;  // the destructor cancels those before it
  }
  return {};
}

Result<void> Exchange::submit_one(engine::Request request, const CacheUse& use, engine::Listener listener) {
  // Without an answer a request has been sent for what it leaves behind: the prompt's keys and values.
  const bool has_answer = request.max_tokens > 0 || request.pooling;
  if ((use.read || use.store) && has_answer) {
    std::string key = cache::request_key(model_->served().fingerprint_of(request.adapter), request);
    if (const auto kept = use.read ? services_.cache->find(key, plausible_answer(model_->served(), request)) : nullptr) {
      clock_.found_in_cache();
      if (!request.supersedes.empty()) {
        model_->served().engine.supersede(request.owner, std::move(request.supersedes), request.batch);
      }
      cache::replay(*kept, listener);
      return {};
    }
    if (use.store) listener = cache::recorded(services_.cache, std::move(key), std::move(listener));
  }
  const auto id = model_->served().engine.submit(std::move(request), std::move(listener));
  if (!id) return pass_on(id);
  running_.push_back(*id);
  return {};
}

std::optional<api::ApiError> Exchange::failure_of(const AnswerQueue::Taken& taken) const {
  if (taken.lost) return api::from_error({ErrorCode::kBusy, "there was no memory to keep the answer"});
  for (const AnswerQueue::Choice& choice : taken.choices) {
    if (!choice.finish) continue;
    if (choice.finish->reason == engine::FinishReason::kError) return api::from_error(choice.finish->error);
    if (choice.finish->reason == engine::FinishReason::kCancelled) {
      return api::from_error(
          {ErrorCode::kCancelled, "the answer was cancelled: the server is about to stop"});
    }
  }
  return std::nullopt;
}

void Exchange::count(const AnswerQueue::Taken& taken) {
  for (const AnswerQueue::Choice& choice : taken.choices) {
    if (!choice.finish) continue;
    clock_.add(choice.finish->timings);
    if (choice.finish->usage.passes > 0) services_.metrics.computed(*choice.finish, clock_.parse());
  }
  if (taken.finished) services_.metrics.took(clock_.total());
}

Exchange::Next Exchange::next() {
  if (!stream_ && !queue_->finished() && !queue_->lost()) return {};
  AnswerQueue::Taken taken = queue_->take();
  count(taken);
  return stream_ ? next_of_stream(taken) : next_of_whole(std::move(taken));
}

Exchange::Next Exchange::next_of_whole(AnswerQueue::Taken taken) {
  Next next;
  next.finished = true;
  next.timing = clock_.all();
  if (const auto failure = failure_of(taken)) {
    next.whole = error_reply(*failure, dialect_);
    return next;
  }
  std::vector<api::ChoiceAnswer> choices;
  for (AnswerQueue::Choice& choice : taken.choices) {
    choices.push_back({std::move(static_cast<api::AnswerPart&>(choice)), std::move(*choice.finish)});
  }
  next.whole = Reply{200, writer_->whole(choices), {}};
  return next;
}

Exchange::Next Exchange::next_of_stream(const AnswerQueue::Taken& taken) {
  Next next;
  next.finished = taken.finished;
  const auto failure = failure_of(taken);
  if (failure && !begun_) {
    next.finished = true;
    next.whole = error_reply(*failure, dialect_);
    return next;
  }
  if (!begun_) {
    bool something = next.finished;
    for (const AnswerQueue::Choice& choice : taken.choices) {
      something |= !choice.text.empty() || !choice.logprobs.empty();
    }
    if (!something) return next;
    writer_->begin(next.events);
    begun_ = true;
    next.timing = clock_.so_far();
  }
  for (size_t i = 0; i < taken.choices.size(); ++i) {
    const AnswerQueue::Choice& choice = taken.choices[i];
    if (!choice.text.empty() || !choice.logprobs.empty()) {
      writer_->part(static_cast<int32_t>(i), choice, next.events);
    }
    if (choice.finish && !failure) writer_->end(static_cast<int32_t>(i), *choice.finish, next.events);
  }
  if (failure) {
    writer_->error(*failure, next.events);
    next.finished = next.broken = true;
  } else if (next.finished) {
    writer_->done(next.events);
  }
  if (next.finished) next.final_timing = clock_.all();
  return next;
}

}  // namespace riposte::server
