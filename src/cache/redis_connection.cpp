#include "cache/redis_connection.h"

#include <chrono>

namespace riposte::cache {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

timeval time_of(std::chrono::milliseconds time) {
  const auto us = std::chrono::duration_cast<microseconds>(time).count();
  return {.tv_sec = us / 1'000'000, .tv_usec = us % 1'000'000};
}

Result<void> expect_ok(RedisConnection& connection, const std::vector<std::string>& words) {
  const auto reply = connection.command(words);
  if (!reply) return pass_on(reply);
  if ((*reply)->type != REDIS_REPLY_STATUS) {
    return fail(
        ErrorCode::kIo, "Redis refused {}: {}", words.front(),
        (*reply)->type == REDIS_REPLY_ERROR ? std::string((*reply)->str, (*reply)->len) : "an odd reply");
  }
  return {};
}

}  // namespace

Result<RedisConnection> RedisConnection::open(const RedisOptions& options) {
  const timeval limit = time_of(options.timeout);
  redisContext* context = options.socket.empty()
                              ? redisConnectWithTimeout(options.host.c_str(), options.port, limit)
                              : redisConnectUnixWithTimeout(options.socket.c_str(), limit);
  if (!context) return fail(ErrorCode::kIo, "no memory for a connection to Redis");
  RedisConnection connection(context, options.timeout);
  if (context->err != 0) return fail(ErrorCode::kIo, "{}", context->errstr);
  if (redisSetTimeout(context, limit) != REDIS_OK) return fail(ErrorCode::kIo, "{}", context->errstr);
  if (!options.password.empty()) {
    std::vector<std::string> words{"AUTH"};
    if (!options.user.empty()) words.push_back(options.user);
    words.push_back(options.password);
    if (const auto known = expect_ok(connection, words); !known) return pass_on(known);
  }
  if (options.database != 0) {
    if (const auto selected = expect_ok(connection, {"SELECT", std::to_string(options.database)});
        !selected) {
      return pass_on(selected);
    }
  }
  if (const auto alive = expect_ok(connection, {"PING"}); !alive) return pass_on(alive);
  return connection;
}

Result<RedisConnection::Reply> RedisConnection::command(const std::vector<std::string>& words) {
  std::vector<const char*> texts;
  std::vector<size_t> lengths;
  for (const std::string& word : words) {
    texts.push_back(word.data());
    lengths.push_back(word.size());
  }
  redisContext* context = context_.get();
  const auto failed = [&] {
    return fail(ErrorCode::kIo, "{}", context->err != 0 ? context->errstr : "no answer in time");
  };
  // The socket's own time limit is for each read alone: bytes that trickle in would never reach it.
  const auto deadline = steady_clock::now() + timeout_;
  if (redisAppendCommandArgv(context, static_cast<int>(texts.size()), texts.data(), lengths.data()) !=
      REDIS_OK) {
    return failed();
  }
  for (int written = 0; written == 0;) {
    if (redisBufferWrite(context, &written) != REDIS_OK || steady_clock::now() > deadline) return failed();
  }
  for (void* reply = nullptr;;) {
    if (redisGetReplyFromReader(context, &reply) != REDIS_OK) return failed();
    if (reply) return Reply(static_cast<redisReply*>(reply));
    if (steady_clock::now() > deadline || redisBufferRead(context) != REDIS_OK) return failed();
  }
}

}  // namespace riposte::cache
