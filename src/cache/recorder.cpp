#include "cache/recorder.h"

#include <utility>

namespace riposte::cache {

engine::Listener recorded(std::shared_ptr<ResponseCache> cache, std::string key, engine::Listener listener) {
  struct Recording {
    std::shared_ptr<ResponseCache> cache;
    std::string key;
    engine::Listener listener;
    CachedAnswer answer;
  };
  auto recording =
      std::make_shared<Recording>(Recording{std::move(cache), std::move(key), std::move(listener), {}});
  engine::Listener both;
  both.on_logprobs = [recording](std::span<const sampling::Logprobs> logprobs) {
    recording->answer.logprobs.insert(recording->answer.logprobs.end(), logprobs.begin(), logprobs.end());
    if (recording->listener.on_logprobs) recording->listener.on_logprobs(logprobs);
  };
  both.on_text = [recording](std::string_view text, std::span<const TokenId> tokens) {
    recording->answer.text += text;
    if (recording->listener.on_text) recording->listener.on_text(text, tokens);
  };
  both.on_finish = [recording](const engine::Finish& finish) {
    using enum engine::FinishReason;
    if (finish.reason == kStop || finish.reason == kLength) {
      recording->answer.finish = finish;
      recording->answer.finish.trace.clear();
      recording->cache->put(std::move(recording->key), std::move(recording->answer));
    }
    // Last, so that who has heard the end finds it in the cache.
    if (recording->listener.on_finish) recording->listener.on_finish(finish);
  };
  return both;
}

void replay(const CachedAnswer& answer, const engine::Listener& listener) {
  if (listener.on_logprobs && !answer.logprobs.empty()) listener.on_logprobs(answer.logprobs);
  if (listener.on_text && !answer.text.empty()) listener.on_text(answer.text, {});
  engine::Finish finish;
  finish.reason = answer.finish.reason;
  finish.usage.prompt_tokens = answer.finish.usage.prompt_tokens;
  finish.usage.cached_tokens = answer.finish.usage.prompt_tokens;
  finish.usage.output_tokens = answer.finish.usage.output_tokens;
  finish.embedding = answer.finish.embedding;
  if (listener.on_finish) listener.on_finish(finish);
}

}  // namespace riposte::cache
