// Between the engine's thread, which must never wait, and a connection, which may have to.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/request.h"

namespace riposte::server {

class AnswerQueue {
 public:
  // Text beyond `max_bytes` that nobody has taken is dropped, and the queue is lost. `wake` is called on the
  // engine's thread when there is something to take and the last call has been followed by take(); it must be
  // quick. With `wake_on_text` false only the end (or a loss) is told.
  AnswerQueue(size_t max_bytes, bool wake_on_text, std::function<void()> wake);

  // The listener for Engine::submit; it keeps the queue alive and never throws.
  static engine::Listener listen(std::shared_ptr<AnswerQueue> queue);

  struct Taken {
    std::string text;
    std::optional<engine::Finish> finish;  // once, behind all text
    bool lost = false;  // the bound was reached, or there was no memory: the answer has a hole
  };
  Taken take();
  bool lost() const;
  bool finished() const;  // the finish waits to be taken

 private:
  template <class Change>
  void change(bool must_wake, const Change& change) noexcept;

  const size_t max_bytes_;
  const bool wake_on_text_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  Taken content_;
  bool woken_ = false;  // wake_ was called and take() has not been since
};

}  // namespace riposte::server
