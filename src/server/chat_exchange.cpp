#include "server/chat_exchange.h"

#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <utility>

#include "api/chat_request.h"

namespace riposte::server {
namespace {

// https://www.w3.org/TR/server-timing/, in milliseconds.
std::string server_timing(const engine::Timings& timings) {
  using Milliseconds = std::chrono::duration<double, std::milli>;
  return fmt::format("queue;dur={:.3f}, prefill;dur={:.3f}, decode;dur={:.3f}",
                     Milliseconds(timings.queue).count(), Milliseconds(timings.prefill).count(),
                     Milliseconds(timings.decode).count());
}

std::optional<api::ApiError> failure_of(const AnswerQueue::Taken& taken) {
  if (taken.lost) return api::from_error({ErrorCode::kBusy, "there was no memory to keep the answer"});
  if (taken.finish->reason == engine::FinishReason::kError) return api::from_error(taken.finish->error);
  if (taken.finish->reason == engine::FinishReason::kCancelled) {
    return api::from_error({ErrorCode::kCancelled, "the answer was cancelled: the server is about to stop"});
  }
  return std::nullopt;
}

}  // namespace

ChatExchange::ChatExchange(engine::Engine& engine, api::ChatHead head, bool stream, bool include_usage,
                           std::shared_ptr<AnswerQueue> queue)
    : engine_(engine),
      head_(std::move(head)),
      stream_(stream),
      include_usage_(include_usage),
      queue_(std::move(queue)) {}

ChatExchange::~ChatExchange() {
  cancel();
}

void ChatExchange::cancel() {
  if (running_) engine_.cancel(request_);
}

api::ApiResult<std::unique_ptr<ChatExchange>> ChatExchange::start(const api::ServedModel& model,
                                                                  std::string_view body,
                                                                  const ExchangeSetup& setup,
                                                                  std::function<void()> wake) {
  const api::ApiResult<api::ChatRequest> chat = api::parse_chat_request(body, setup.random_seed);
  if (!chat) return tl::unexpected<api::ApiError>(chat.error());
  api::ApiResult<engine::Request> request = api::to_engine_request(*chat, model);
  if (!request) return tl::unexpected<api::ApiError>(request.error());
  // A whole answer is bounded by the context already.
  const size_t bound = chat->stream ? setup.max_unsent_bytes : std::numeric_limits<size_t>::max();
  auto queue = std::make_shared<AnswerQueue>(bound, chat->stream, std::move(wake));
  std::unique_ptr<ChatExchange> exchange(
      new ChatExchange(model.engine, {setup.id, setup.created, model.name, model.fingerprint}, chat->stream,
                       chat->include_usage, queue));
  const Result<engine::RequestId> id = model.engine.submit(std::move(*request), AnswerQueue::listen(queue));
  if (!id) return tl::unexpected<api::ApiError>(api::from_error(id.error()));
  exchange->request_ = *id;
  exchange->running_ = true;
  return exchange;
}

ChatExchange::Next ChatExchange::next() {
  if (!stream_ && !queue_->finished() && !queue_->lost()) return {};
  const AnswerQueue::Taken taken = queue_->take();
  if (taken.finish) running_ = false;
  return stream_ ? next_of_stream(taken) : next_of_whole(taken);
}

ChatExchange::Next ChatExchange::next_of_whole(const AnswerQueue::Taken& taken) {
  Next next;
  next.finished = true;
  if (const auto failure = failure_of(taken)) {
    next.whole = error_reply(*failure);
  } else {
    next.whole = Reply{200,
                       api::completion_json(head_, taken.text, *taken.finish),
                       {{"Server-Timing", server_timing(taken.finish->timings)}}};
  }
  return next;
}

ChatExchange::Next ChatExchange::next_of_stream(const AnswerQueue::Taken& taken) {
  Next next;
  next.finished = taken.finish.has_value();
  if (taken.text.empty() && !next.finished) return next;
  const auto failure = next.finished ? failure_of(taken) : std::nullopt;
  if (failure && !begun_ && taken.text.empty()) {
    next.whole = error_reply(*failure);
    return next;
  }
  if (!std::exchange(begun_, true)) next.events += api::begin_event(head_);
  if (!taken.text.empty()) next.events += api::text_event(head_, taken.text);
  if (failure) {
    next.events += api::error_event(api::to_json(*failure));
    next.broken = true;
  } else if (next.finished) {
    next.events += api::end_event(head_, taken.finish->reason);
    if (include_usage_) next.events += api::usage_event(head_, taken.finish->usage);
    next.events += api::done_event();
  }
  return next;
}

}  // namespace riposte::server
