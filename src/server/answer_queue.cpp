#include "server/answer_queue.h"

#include <exception>
#include <span>
#include <string_view>
#include <utility>

namespace riposte::server {

AnswerQueue::AnswerQueue(size_t choices, size_t max_bytes, bool wake_on_text, std::function<void()> wake)
    : max_bytes_(max_bytes), wake_on_text_(wake_on_text), wake_(std::move(wake)), unfinished_(choices) {
  content_.choices.resize(choices);
}

template <class Change>
void AnswerQueue::change(size_t choice, bool must_wake, const Change& change) noexcept {
  try {
    {
      const std::lock_guard lock(mutex_);
      const bool was_lost = content_.lost;
      try {
        change(content_.choices[choice]);
      } catch (const std::exception&) {  // no memory
        content_.lost = true;
      }
      const bool tell = must_wake || content_.lost || unfinished_ == 0;
      // A loss is told at once: a connection that waits for its client to read has not taken what was told last.
      const bool newly_lost = content_.lost && !was_lost;
      if (!newly_lost && (!tell || woken_)) return;
      woken_ = true;
    }
    wake_();
  } catch (const std::exception&) {
    // Not even a wake-up could be sent. The next change tries again.
    const std::lock_guard lock(mutex_);
    woken_ = false;
  }
}

engine::Listener AnswerQueue::listen(std::shared_ptr<AnswerQueue> queue, size_t index) {
  engine::Listener listener;
  listener.on_logprobs = [queue, index](std::span<const sampling::Logprobs> logprobs) {
    queue->change(index, false, [&](Choice& choice) {
      if (!queue->content_.lost) {
        choice.logprobs.insert(choice.logprobs.end(), logprobs.begin(), logprobs.end());
      }
    });
  };
  listener.on_text = [queue, index](std::string_view text, std::span<const TokenId>) {
    queue->change(index, queue->wake_on_text_ && !text.empty(), [&](Choice& choice) {
      if (queue->content_.lost) return;
      if (text.size() > queue->max_bytes_ - queue->text_bytes_) {
        queue->content_.lost = true;
      } else {
        choice.text += text;
        queue->text_bytes_ += text.size();
      }
    });
  };
  listener.on_finish = [queue, index](const engine::Finish& finish) {
    queue->change(index, queue->wake_on_text_, [&](Choice& choice) {
      --queue->unfinished_;
      choice.finish = finish;
    });
  };
  return listener;
}

AnswerQueue::Taken AnswerQueue::take() {
  Taken taken;
  taken.choices.resize(content_.choices.size());  // their number never changes
  const std::lock_guard lock(mutex_);
  woken_ = false;
  text_bytes_ = 0;
  taken.lost = content_.lost;
  taken.finished = unfinished_ == 0;
  taken.choices.swap(content_.choices);
  return taken;
}

bool AnswerQueue::lost() const {
  const std::lock_guard lock(mutex_);
  return content_.lost;
}

bool AnswerQueue::finished() const {
  const std::lock_guard lock(mutex_);
  return unfinished_ == 0;
}

}  // namespace riposte::server
