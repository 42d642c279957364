#include "cache/redis.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "cache/answer_codec.h"
#include "cache/redis_connection.h"

namespace riposte::cache {
namespace {

constexpr size_t kReaders = 4;                // connections for requests
constexpr size_t kMaxWaitingBytes = 4 << 20;  // of answers on their way; more are dropped
constexpr std::chrono::milliseconds kFirstPause{100}, kLongestPause{10'000};

std::string name_of(const KeyHash& key) {
  std::string name = "riposte:1:";
  for (const unsigned char byte : key) name += fmt::format("{:02x}", byte);
  return name;
}

class RedisAnswers final : public SharedAnswers {
 public:
  explicit RedisAnswers(const RedisOptions& options) : options_(options), thread_([this] { run(); }) {}
  ~RedisAnswers() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  std::optional<CachedAnswer> find(std::string_view key, const Plausible& plausible) override;
  void put(std::string_view key, const CachedAnswer& answer) override;
  SharedCounts counts() const override {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  struct Write {
    std::string name, value;
  };

  void run();
  bool connect(std::optional<RedisConnection>& own);
  void write_all(std::optional<RedisConnection>& own);
  void pause(std::chrono::milliseconds time);
  void lose();

  const RedisOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<RedisConnection> idle_;  // ready for a request
  size_t readers_ = 0;                 // idle ones and those in use
  uint64_t generation_ = 0;            // connections of an earlier one are not to be used again
  std::deque<Write> writes_;
  size_t waiting_bytes_ = 0;
  bool lost_ = false;
  bool stopping_ = false;
  SharedCounts counts_;
  std::thread thread_;  // last: it uses all of the above
};

std::optional<CachedAnswer> RedisAnswers::find(std::string_view key, const Plausible& plausible) {
  std::optional<RedisConnection> connection;
  uint64_t generation = 0;
  {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) {
      ++counts_.skipped;
      return std::nullopt;
    }
    connection = std::move(idle_.back());
    idle_.pop_back();
    generation = generation_;
  }
  const KeyHash hash = hash_of_key(key);
  // One byte more than an answer may have: what is that long is none.
  const auto reply =
      connection->command({"GETRANGE", name_of(hash), "0", std::to_string(options_.max_value_bytes)});
  std::optional<CachedAnswer> answer;
  bool damaged = false;
  if (reply) {
    const redisReply& value = **reply;
    if (value.type != REDIS_REPLY_STRING || value.len > options_.max_value_bytes) {
      damaged = true;
    } else if (value.len > 0) {
      answer = decode_answer({value.str, value.len}, hash, plausible);
      damaged = !answer;
    }
  }
  const std::lock_guard lock(mutex_);
  if (!reply) {
    ++counts_.failures;
    if (generation == generation_) lose();
  } else if (generation == generation_) {
    idle_.push_back(std::move(*connection));
  }
  if (damaged) ++counts_.failures;
  ++(answer ? counts_.hits : counts_.misses);
  return answer;
}

void RedisAnswers::put(std::string_view key, const CachedAnswer& answer) {
  const KeyHash hash = hash_of_key(key);
  Write write{name_of(hash), encode_answer(hash, answer)};
  if (write.value.size() > options_.max_value_bytes) return;
  {
    const std::lock_guard lock(mutex_);
    if (waiting_bytes_ + write.value.size() > kMaxWaitingBytes) return;
    waiting_bytes_ += write.value.size();
    writes_.push_back(std::move(write));
  }
  changed_.notify_one();
}

// Under the mutex: no connection is worth another try.
void RedisAnswers::lose() {
  idle_.clear();
  readers_ = 0;
  ++generation_;
  lost_ = true;
  changed_.notify_one();
}

void RedisAnswers::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [this] { return stopping_; });
}

bool RedisAnswers::connect(std::optional<RedisConnection>& own) {
  const auto fail_with = [&](const Error& error, bool first) {
    if (first)
      spdlog::warn("no Redis for shared answers ({}): trying again from time to time", error.message);
    return false;
  };
  static constexpr bool kTold = true;
  if (!own) {
    auto opened = RedisConnection::open(options_);
    if (!opened) return fail_with(opened.error(), kTold);
    own = std::move(*opened);
  }
  while (true) {
    uint64_t generation = 0;
    {
      const std::lock_guard lock(mutex_);
      if (readers_ >= kReaders) return true;
      generation = generation_;
    }
    auto opened = RedisConnection::open(options_);
    if (!opened) return fail_with(opened.error(), kTold);
    const std::lock_guard lock(mutex_);
    if (generation != generation_) return false;
    idle_.push_back(std::move(*opened));
    ++readers_;
  }
}

void RedisAnswers::write_all(std::optional<RedisConnection>& own) {
  while (own) {
    Write write;
    {
      const std::lock_guard lock(mutex_);
      if (writes_.empty() || stopping_) return;
      write = std::move(writes_.front());
      writes_.pop_front();
      waiting_bytes_ -= write.value.size();
    }
    const auto reply =
        own->command({"SET", write.name, write.value, "EX", std::to_string(options_.time_to_live.count())});
    const std::lock_guard lock(mutex_);
    if (!reply || (*reply)->type == REDIS_REPLY_ERROR) ++counts_.failures;
    if (!reply) {
      own.reset();
      lose();
    }
  }
}

void RedisAnswers::run() try {
  std::optional<RedisConnection> own;
  auto pause_time = kFirstPause;
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock,
                    [&] { return stopping_ || lost_ || !own || readers_ < kReaders || !writes_.empty(); });
      if (stopping_) return;
      if (std::exchange(lost_, false)) own.reset();
    }
    if (connect(own)) {
      pause_time = kFirstPause;
      write_all(own);
      continue;
    }
    own.reset();
    pause(pause_time);
    pause_time = std::min(2 * pause_time, kLongestPause);
  }
} catch (const std::exception& failed) {
  spdlog::error("answers are not shared any more: {}", failed.what());
  const std::lock_guard lock(mutex_);
  idle_.clear();
}

}  // namespace

Result<std::shared_ptr<SharedAnswers>> share_through_redis(const RedisOptions& options) try {
  return std::make_shared<RedisAnswers>(options);
} catch (const std::system_error& failed) {
  return fail(ErrorCode::kInternal, "cannot start the thread for Redis: {}", failed.what());
}

}  // namespace riposte::cache
