#include "apps/answers.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <utility>

namespace riposte::apps {
namespace {

// Shared with the listeners, which the engine may still hold when all has been told.
struct Batch {
  explicit Batch(size_t size) : running(size), answers(size) {}

  std::mutex mutex;
  std::condition_variable ended;
  size_t running;
  std::vector<Answer> answers;
};

engine::Listener listener_for(const std::shared_ptr<Batch>& batch, size_t index) {
  return {.on_text =
              [batch, index](std::string_view text, std::span<const TokenId> tokens) {
                const std::lock_guard lock(batch->mutex);
                Answer& answer = batch->answers[index];
                answer.text += text;
                answer.tokens.insert(answer.tokens.end(), tokens.begin(), tokens.end());
              },
          .on_finish =
              [batch, index](const engine::Finish& finish) {
                const std::lock_guard lock(batch->mutex);
                batch->answers[index].finish = finish;
                --batch->running;
                batch->ended.notify_one();
              }};
}

}  // namespace

Result<std::vector<Answer>> answers_to(engine::Engine& engine, std::vector<engine::Request> requests,
                                       std::span<const size_t> order) {
  const auto batch = std::make_shared<Batch>(requests.size());
  for (size_t i = 0; i < requests.size(); ++i) {
    const size_t index = order.empty() ? i : order[i];
    const auto id = engine.submit(std::move(requests[index]), listener_for(batch, index));
    if (!id) return pass_on(id);
  }
  std::unique_lock lock(batch->mutex);
  batch->ended.wait(lock, [&batch] { return batch->running == 0; });
  for (const Answer& answer : batch->answers) {
    if (answer.finish.reason == engine::FinishReason::kError) return tl::unexpected(answer.finish.error);
  }
  return std::move(batch->answers);
}

}  // namespace riposte::apps
