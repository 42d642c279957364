// One request that is computed: from its body to the engine, and from the engine's thread to text for the
// wire.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/answer.h"
#include "api/error.h"
#include "cache/response_cache.h"
#include "server/answer_queue.h"
#include "server/metrics.h"
#include "server/model_shelf.h"
#include "server/reply.h"
#include "server/server_timing.h"

namespace riposte::server {

// What all exchanges of a server share.
struct Services {
  std::shared_ptr<cache::ResponseCache> cache;  // null: none
  Metrics& metrics;
};

// Which use a request may make of the response cache ("Cache-Control", RFC 9111).
struct CacheUse {
  bool read = true;   // not with no-cache, no-store
  bool store = true;  // not with no-store
};

// How soon an answer is wanted, and instead of which other.
struct Terms {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  std::string supersedes;  // see engine::Request; empty: nothing
  uint64_t batch = 0;
};
// From the headers x-deadline-ms (1 to a day, in milliseconds from `received` on) and x-supersedes (up to 256
// bytes); empty where absent. Errors: 400 with the name of the header.
api::ApiResult<Terms> read_terms(std::string_view deadline_ms, std::string_view supersedes,
                                 std::chrono::steady_clock::time_point received);

// What an exchange needs to know that is not in the request's body.
struct ExchangeSetup {
  api::RequestContext context;
  CacheUse cache;
  Terms terms;
  uint64_t owner = 0;  // whose answers, guesses and prefixes it sees, and who will see its own; 0: everybody
  api::Dialect dialect = api::Dialect::kOpenAi;    // of errors
  std::chrono::steady_clock::time_point received;  // when the whole request was there
  size_t max_unsent_bytes = 0;
};

// Belongs to one connection. Its end cancels what is still running.
class Exchange {
 public:
  // `read` is the dialect. `wake` is called on the engine's thread whenever next() may have something; where
  // nothing is to be computed, next() has everything at once.
  static api::ApiResult<std::unique_ptr<Exchange>> start(const Services& services, ModelShelf::Handle model,
                                                         api::ReadGeneration read, std::string_view body,
                                                         const ExchangeSetup& setup,
                                                         std::function<void()> wake);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  struct Next {
    std::string events;          // of the stream; empty: nothing yet
    std::optional<Reply> whole;  // the answer as a whole: not streaming, or failed before the stream began
    std::string timing;          // Server-Timing: with `whole`, or with a stream's first events
    std::string final_timing;    // with a stream's last ones
    bool finished = false;       // nothing comes any more
    bool broken = false;         // the stream cannot end as it should: close the connection behind it
  };
  Next next();

  api::StreamKind stream_kind() const { return writer_->stream_kind(); }
  // The client did not take what there was: nothing sensible can follow.
  bool lost() const { return queue_->lost(); }
  // The end then comes through next(), as an error.
  void cancel();

 private:
  Exchange(const Services& services, ModelShelf::Handle model, const ExchangeSetup& setup,
           api::Generation& generation, std::shared_ptr<AnswerQueue> queue);
  Result<void> submit(std::vector<engine::Request> requests, const CacheUse& use, uint64_t owner);
  Result<void> submit_one(engine::Request request, const CacheUse& use, engine::Listener listener);
  void count(const AnswerQueue::Taken& taken);
  Next next_of_stream(const AnswerQueue::Taken& taken);
  Next next_of_whole(AnswerQueue::Taken taken);
  std::optional<api::ApiError> failure_of(const AnswerQueue::Taken& taken) const;

  const Services services_;
  const ModelShelf::Handle model_;  // it stays as long as this
  const api::Dialect dialect_;
  ExchangeClock clock_;
  const bool stream_;
  const std::unique_ptr<api::AnswerWriter> writer_;
  const std::shared_ptr<AnswerQueue> queue_;
  std::vector<engine::RequestId> running_;  // an ended one is harmless to cancel
  bool begun_ = false;                      // the stream's first event is out
};

}  // namespace riposte::server
