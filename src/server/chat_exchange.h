// One chat request: from its body to the engine, and from the engine's thread to text for the wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/chat_response.h"
#include "api/error.h"
#include "api/served_model.h"
#include "server/answer_queue.h"
#include "server/reply.h"

namespace riposte::server {

// What an exchange needs to know that is not in the request.
struct ExchangeSetup {
  std::string id;            // "chatcmpl-..."
  int64_t created = 0;       // seconds since 1970
  uint64_t random_seed = 0;  // where the request names none
  size_t max_unsent_bytes = 0;
};

// Belongs to one connection. Its end cancels the request if that is still running.
class ChatExchange {
 public:
  // `wake` is called on the engine's thread whenever next() may have something.
  static api::ApiResult<std::unique_ptr<ChatExchange>> start(const api::ServedModel& model,
                                                             std::string_view body,
                                                             const ExchangeSetup& setup,
                                                             std::function<void()> wake);
  ~ChatExchange();
  ChatExchange(const ChatExchange&) = delete;
  ChatExchange& operator=(const ChatExchange&) = delete;

  struct Next {
    std::string events;          // of the stream; empty: nothing yet
    std::optional<Reply> whole;  // the answer as a whole: not streaming, or failed before the stream began
    bool finished = false;       // nothing comes any more
    bool broken = false;         // the stream cannot end as it should: close the connection behind it
  };
  Next next();

  // The client did not take what there was: nothing sensible can follow.
  bool lost() const { return queue_->lost(); }
  // The end then comes through next(), as an error.
  void cancel();

 private:
  ChatExchange(engine::Engine& engine, api::ChatHead head, bool stream, bool include_usage,
               std::shared_ptr<AnswerQueue> queue);
  Next next_of_stream(const AnswerQueue::Taken& taken);
  Next next_of_whole(const AnswerQueue::Taken& taken);

  engine::Engine& engine_;
  const api::ChatHead head_;
  const bool stream_;
  const bool include_usage_;
  const std::shared_ptr<AnswerQueue> queue_;
  engine::RequestId request_ = 0;
  bool running_ = false;
  bool begun_ = false;  // the stream's first event is out
};

}  // namespace riposte::server
