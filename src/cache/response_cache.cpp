#include "cache/response_cache.h"

#include <xxhash.h>

#include <iterator>
#include <random>
#include <type_traits>
#include <utility>

namespace riposte::cache {
namespace {

// Writes values one behind the other; what has no fixed length brings its length, so that no two lists of
// values look alike.
class KeyWriter {
 public:
  template <class T>
  void number(T value) {
    static_assert(std::is_arithmetic_v<T>);
    key_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(std::string_view value) {
    number(value.size());
    key_ += value;
  }
  void tokens(const std::vector<TokenId>& values) {
    number(values.size());
    key_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(TokenId));
  }
  std::string take() { return std::move(key_); }

 private:
  std::string key_;
};

uint64_t random_seed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

size_t bytes_of(const std::string& key, const CachedAnswer& answer) {
  constexpr size_t kOverhead = 256;  // of an entry's nodes and buckets, roughly
  size_t bytes = kOverhead + sizeof(CachedAnswer) + key.size() + answer.text.size() +
                 answer.finish.embedding.size() * sizeof(float);
  for (const sampling::Logprobs& token : answer.logprobs) {
    bytes += sizeof token + token.top.size() * sizeof(sampling::TokenLogprob);
  }
  return bytes;
}

}  // namespace

std::string request_key(std::string_view model, const engine::Request& request) {
  KeyWriter key;
  key.text(model);
  key.number(request.owner);
  key.tokens(request.prompt);
  key.number(request.max_tokens);
  key.number(request.pooling ? 1 + static_cast<int>(*request.pooling) : 0);
  key.number(request.ignore_end);
  key.number(request.stop.size());
  for (const std::string& stop : request.stop) key.text(stop);
  const sampling::SamplingParams& sampling = request.sampling;
  key.number(sampling.temperature);
  key.number(sampling.repetition_penalty);
  key.number(sampling.presence_penalty);
  key.number(sampling.frequency_penalty);
  key.number(sampling.top_logprobs);
  key.number(sampling.logit_bias.size());
  for (const auto& [token, bias] : sampling.logit_bias) {
    key.number(token);
    key.number(bias);
  }
  key.text(request.constraint ? request.constraint->key() : "");
  const bool copies = request.edit_confidence > 0.5f;
  key.number(copies ? request.edit_confidence : 0.0f);
  if (copies) key.tokens(request.source);
  if (sampling.temperature > 0.0f) {  // greedy choices know none of these
    key.number(sampling.top_k);
    key.number(sampling.top_p);
    key.number(sampling.min_p);
    key.number(sampling.seed);
  }
  return key.take();
}

size_t ResponseCache::Hash::operator()(std::string_view key) const {
  return XXH3_64bits_withSeed(key.data(), key.size(), seed);
}

ResponseCache::ResponseCache(const ResponseCacheOptions& options, Now now,
                             std::shared_ptr<SharedAnswers> shared)
    : options_(options), now_(std::move(now)), shared_(std::move(shared)), index_(0, Hash{random_seed()}) {}

void ResponseCache::drop(Entries::iterator entry) {
  counts_.bytes -= static_cast<int64_t>(entry->bytes);
  index_.erase(entry->key);
  entries_.erase(entry);
}

std::shared_ptr<const CachedAnswer> ResponseCache::find(std::string_view key, const Plausible& plausible) {
  if (auto here = find_here(key)) return here;
  if (!shared_) return nullptr;
  std::optional<CachedAnswer> elsewhere = shared_->find(key, plausible);
  return elsewhere ? keep(std::string(key), std::move(*elsewhere)) : nullptr;
}

std::shared_ptr<const CachedAnswer> ResponseCache::find_here(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(key);
  if (found != index_.end() && found->second->expires <= now_()) {
    drop(found->second);
  } else if (found != index_.end()) {
    ++counts_.hits;
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->answer;
  }
  ++counts_.misses;
  return nullptr;
}

void ResponseCache::put(std::string key, CachedAnswer answer) {
  if (shared_) shared_->put(key, answer);
  keep(std::move(key), std::move(answer));
}

std::shared_ptr<const CachedAnswer> ResponseCache::keep(std::string key, CachedAnswer answer) {
  const size_t bytes = bytes_of(key, answer);
  auto kept = std::make_shared<const CachedAnswer>(std::move(answer));
  if (bytes > options_.max_bytes) return kept;
  const std::lock_guard lock(mutex_);
  if (const auto found = index_.find(key); found != index_.end()) drop(found->second);
  while (!entries_.empty() && static_cast<size_t>(counts_.bytes) + bytes > options_.max_bytes) {
    drop(std::prev(entries_.end()));
  }
  entries_.push_front({std::move(key), kept, bytes, now_() + options_.time_to_live});
  index_.emplace(entries_.front().key, entries_.begin());
  counts_.bytes += static_cast<int64_t>(bytes);
  return kept;
}

ResponseCache::Counts ResponseCache::counts() const {
  const std::lock_guard lock(mutex_);
  Counts counts = counts_;
  counts.entries = static_cast<int64_t>(entries_.size());
  if (shared_) counts.shared = shared_->counts();
  return counts;
}

}  // namespace riposte::cache
