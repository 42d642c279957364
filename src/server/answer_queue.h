// Between the engine's thread, which must never wait, and a connection, which may have to.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "api/answer.h"
#include "engine/request.h"

namespace riposte::server {

// The answers of one exchange, one for each of its choices.
class AnswerQueue {
 public:
  // Text beyond `max_bytes` (of all choices) that nobody has taken is dropped, and the queue is lost. `wake`
  // is called on the engine's thread when there is something to take and the last call has been followed by
  // take(), and when the queue is lost; it must be quick. With `wake_on_text` false only the end of all choices (or a loss) is told.
  AnswerQueue(size_t choices, size_t max_bytes, bool wake_on_text, std::function<void()> wake);

  // The listener of one choice for Engine::submit; it keeps the queue alive and never throws.
  static engine::Listener listen(std::shared_ptr<AnswerQueue> queue, size_t choice);

  struct Choice : api::AnswerPart {
    std::optional<engine::Finish> finish;  // once, behind all text
  };
  struct Taken {
    std::vector<Choice> choices;
    bool finished = false;  // nothing comes behind this
    bool lost = false;      // the bound was reached, or there was no memory: the answer has a hole
  };
  Taken take();
  bool lost() const;
  bool finished() const;  // all choices have ended

 private:
  template <class Change>
  void change(size_t choice, bool must_wake, const Change& change) noexcept;

  const size_t max_bytes_;
  const bool wake_on_text_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  Taken content_;
  size_t text_bytes_ = 0;  // in content_
  size_t unfinished_;      // choices
  bool woken_ = false;     // wake_ was called and take() has not been since
};

}  // namespace riposte::server
