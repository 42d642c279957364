#include "server/answer_queue.h"

#include <exception>
#include <span>
#include <string_view>
#include <utility>

namespace riposte::server {

AnswerQueue::AnswerQueue(size_t max_bytes, bool wake_on_text, std::function<void()> wake)
    : max_bytes_(max_bytes), wake_on_text_(wake_on_text), wake_(std::move(wake)) {}

template <class Change>
void AnswerQueue::change(bool must_wake, const Change& change) noexcept {
  try {
    {
      const std::lock_guard lock(mutex_);
      try {
        change(content_);
      } catch (const std::exception&) {  // no memory
        content_.lost = true;
      }
      if ((!must_wake && !content_.lost) || woken_) return;
      woken_ = true;
    }
    wake_();
  } catch (const std::exception&) {
    // Not even a wake-up could be sent. The next change tries again.
    const std::lock_guard lock(mutex_);
    woken_ = false;
  }
}

engine::Listener AnswerQueue::listen(std::shared_ptr<AnswerQueue> queue) {
  engine::Listener listener;
  listener.on_text = [queue](std::string_view text, std::span<const TokenId>) {
    queue->change(queue->wake_on_text_, [&](Taken& content) {
      if (content.lost) return;
      if (text.size() > queue->max_bytes_ - content.text.size()) {
        content.lost = true;
      } else {
        content.text += text;
      }
    });
  };
  listener.on_finish = [queue](const engine::Finish& finish) {
    queue->change(true, [&](Taken& content) { content.finish = finish; });
  };
  return listener;
}

AnswerQueue::Taken AnswerQueue::take() {
  const std::lock_guard lock(mutex_);
  woken_ = false;
  Taken taken = std::move(content_);
  content_ = Taken{};
  content_.lost = taken.lost;
  return taken;
}

bool AnswerQueue::lost() const {
  const std::lock_guard lock(mutex_);
  return content_.lost;
}

bool AnswerQueue::finished() const {
  const std::lock_guard lock(mutex_);
  return content_.finish.has_value();
}

}  // namespace riposte::server
