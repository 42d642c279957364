// Shared answers through a real redis-server, which goes away, hangs, comes back and lies.
#include "cache/redis.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "cache/answer_codec.h"
#include "cache/response_cache.h"

extern char** environ;

namespace riposte::cache {
namespace {

const char* const kServer = "/usr/bin/redis-server";

CachedAnswer answer(const std::string& text) {
  CachedAnswer made;
  made.text = text;
  made.finish.usage = {.prompt_tokens = 3, .output_tokens = 2};
  return made;
}

class RedisTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ::signal(SIGPIPE, SIG_IGN);
    if (::access(kServer, X_OK) != 0) GTEST_SKIP() << "there is no " << kServer << ": install redis-server";
    std::string folder = (std::filesystem::temp_directory_path() / "riposte-redis-XXXXXX").string();
    ASSERT_TRUE(::mkdtemp(folder.data()));
    folder_ = folder;
    options_.socket = folder + "/socket";
    options_.timeout = std::chrono::milliseconds(500);  // a machine under load is slow, too
    run_server();
    auto shared = share_through_redis(options_);
    if (!shared) GTEST_SKIP() << shared.error().message;
    shared_ = *shared;
  }
  void TearDown() override {
    shared_.reset();
    stop_server();
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  void run_server() {
    spawn({kServer, "--port", "0", "--unixsocket", options_.socket, "--save", "", "--dir", folder_}, server_);
  }
  void stop_server() {
    if (server_ <= 0) return;
    ::kill(server_, SIGKILL);
    ::waitpid(server_, nullptr, 0);
    server_ = 0;
  }
  // One command by the client that comes with the server; its output is not looked at.
  void command(std::vector<std::string> words) {
    words.insert(words.begin(), {"/usr/bin/redis-cli", "-s", options_.socket});
    pid_t client = 0;
    spawn(words, client);
    int status = -1;
    ::waitpid(client, &status, 0);
    EXPECT_EQ(status, 0);
  }
  void spawn(std::vector<std::string> words, pid_t& child) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    ASSERT_EQ(::posix_spawn(&child, arguments[0], &quiet, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&quiet);
  }
  template <class Condition>
  static bool eventually(const Condition& condition) {
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < patience) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }
  std::string found(SharedAnswers& shared, const std::string& key) {
    const auto kept = shared.find(key, {.vocabulary = 10, .prompt_tokens = 3});
    return kept ? kept->text : "nothing";
  }
  // Also where the first were dropped, for want of a connection.
  bool becomes_shared(const std::string& key, const std::string& text) {
    return eventually([&] {
      shared_->put(key, answer(text));
      return found(*shared_, key) == text;
    });
  }
  static std::string name_of(const std::string& key) {
    std::string name = "riposte:1:";
    for (const unsigned char byte : hash_of_key(key)) name += fmt::format("{:02x}", byte);
    return name;
  }

  RedisOptions options_;
  std::string folder_;
  pid_t server_ = 0;
  std::shared_ptr<SharedAnswers> shared_;
};

TEST_F(RedisTest, WhatOneServerAnsweredAnotherOneFinds) {
  ASSERT_TRUE(becomes_shared("a", "1"));
  const auto other = share_through_redis(options_);
  ASSERT_TRUE(other);
  EXPECT_TRUE(eventually([&] { return found(**other, "a") == "1"; }));
  EXPECT_EQ(found(**other, "b"), "nothing");
  EXPECT_GE((*other)->counts().hits, 1);
  ResponseCache memory({}, ResponseCache::Clock::now, *other);
  const auto kept = memory.find("a");
  ASSERT_TRUE(kept);
  EXPECT_EQ(kept->text, "1");
  stop_server();
  EXPECT_TRUE(memory.find("a")) << "it is in the server's own memory by now";
}

TEST_F(RedisTest, RequestsGoOnWhileItIsGoneAndFindItWhenItIsBack) {
  ASSERT_TRUE(becomes_shared("a", "1"));
  stop_server();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(found(*shared_, "a"), "nothing");
    shared_->put("b", answer("2"));
  }
  EXPECT_GE(shared_->counts().failures + shared_->counts().skipped, 100);
  run_server();
  EXPECT_TRUE(becomes_shared("c", "3"));
}

TEST_F(RedisTest, OneThatHangsIsAskedOnlyUntilItsTimeIsOver) {
  ASSERT_TRUE(becomes_shared("a", "1"));
  ::kill(server_, SIGSTOP);
  const int64_t before = shared_->counts().skipped;
  for (int i = 0; i < 100; ++i) EXPECT_EQ(found(*shared_, "a"), "nothing");
  EXPECT_GE(shared_->counts().skipped - before, 99) << "all but the first were not held up";
  ::kill(server_, SIGCONT);
  EXPECT_TRUE(eventually([&] { return found(*shared_, "a") == "1"; }));
}

TEST_F(RedisTest, ValuesThatAreNoAnswersAreIgnored) {
  ASSERT_TRUE(becomes_shared("a", "1"));
  command({"SET", name_of("damaged"), "RPA2 and so on"});
  command({"LPUSH", name_of("a list"), "x"});
  command({"SETRANGE", name_of("long"), "1000000", "x"});
  command({"COPY", name_of("a"), name_of("moved")});
  for (const char* key : {"damaged", "a list", "long", "moved"})
    EXPECT_EQ(found(*shared_, key), "nothing") << key;
  EXPECT_EQ(shared_->counts().failures, 4);
  EXPECT_EQ(found(*shared_, "a"), "1") << "the connection is still in order";
}

TEST_F(RedisTest, AnswersEndWithTheirTimeAndLongOnesAreNotShared) {
  options_.time_to_live = std::chrono::seconds(1);
  options_.max_value_bytes = 1000;
  const auto brief = share_through_redis(options_);
  ASSERT_TRUE(brief);
  shared_ = *brief;
  ASSERT_TRUE(becomes_shared("a", "1"));
  shared_->put("long", answer(std::string(1000, 'x')));
  ASSERT_TRUE(becomes_shared("b", "2"));  // what was put before is written by now
  EXPECT_EQ(found(*shared_, "long"), "nothing");
  EXPECT_TRUE(eventually([&] { return found(*shared_, "a") == "nothing"; }));
}

TEST_F(RedisTest, ManyThreadsMayAskWhileItComesAndGoes) {
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; !done; ++i) {
        const std::string key = std::to_string((i + t) % 50);
        const std::string text = found(*shared_, key);
        EXPECT_TRUE(text == "nothing" || text == key) << text;
        shared_->put(key, answer(key));
      }
    });
  }
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(eventually([&, before = shared_->counts().hits] { return shared_->counts().hits > before; }));
    stop_server();
    run_server();
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace riposte::cache
