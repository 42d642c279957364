// Models come when they are asked for, leave for others, and no request loses its model.
#include "server/model_shelf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include "support/babble_model.h"

namespace riposte::server {
namespace {

using riposte::testing::BabbleModel;
using std::chrono::minutes;
using std::chrono::steady_clock;
using ::testing::HasSubstr;

class ModelShelfTest : public ::testing::Test {
 protected:
  struct Babbling final : LoadedModel {
    Babbling(std::string name, std::atomic<int>& its_alive) : alive(its_alive), served_(model.served()) {
      served_.name = std::move(name);
      ++alive;
    }
    ~Babbling() override { --alive; }
    const api::ServedModel& served() const override { return served_; }
    std::atomic<int>& alive;
    BabbleModel model{64};
    api::ServedModel served_;
  };

  ShelfModel model(const std::string& name, uint64_t bytes = 100) {
    return {.name = name, .bytes = bytes, .load = [this, name]() -> Result<std::unique_ptr<LoadedModel>> {
              ++loads;
              if (name == "broken") return fail(ErrorCode::kCorrupt, "no model");
              if (name == "odd") throw std::runtime_error("odd");
              return std::make_unique<Babbling>(name, alive);
            }};
  }
  void start(std::vector<ShelfModel> models, uint64_t memory = 0) {
    shelf =
        std::make_unique<ModelShelf>(std::move(models), ShelfOptions{memory, [this] { return now.load(); }});
  }
  Result<ModelShelf::Handle> load(const std::string& name) { return later(name).get(); }
  std::future<Result<ModelShelf::Handle>> later(const std::string& name) {
    auto promise = std::make_shared<std::promise<Result<ModelShelf::Handle>>>();
    shelf->load(name,
                [promise](Result<ModelShelf::Handle> result) { promise->set_value(std::move(result)); });
    return promise->get_future();
  }
  bool is_loaded(const std::string& name) {
    for (const auto& listing : shelf->list()) {
      if (listing.name == name) return listing.loaded != nullptr;
    }
    return false;
  }
  template <class Condition>
  bool eventually(const Condition& condition) {
    for (int i = 0; i < 30'000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }

  std::atomic<int> alive{0};
  std::atomic<int> loads{0};
  std::atomic<steady_clock::time_point> now{steady_clock::time_point(std::chrono::hours(1))};
  std::unique_ptr<ModelShelf> shelf;
};

TEST_F(ModelShelfTest, AModelIsLoadedWhenItIsAskedForAndOnlyOnce) {
  start({model("a"), model("b")});
  EXPECT_EQ(*shelf->find("b"), nullptr);
  const auto handle = load("b");
  ASSERT_TRUE(handle);
  EXPECT_EQ((*handle)->served().name, "b");
  EXPECT_NE(*shelf->find("b"), nullptr);
  EXPECT_TRUE(load("b"));
  EXPECT_EQ(loads, 1);
}

TEST_F(ModelShelfTest, AModelIsFoundByNameByAliasAndWithATag) {
  ShelfModel qwen = model("qwen2.5-coder");
  qwen.aliases = {"qwen"};
  start({qwen, model("b")});
  load("qwen");
  for (const char* name : {"", "qwen", "qwen2.5-coder", "qwen:latest", "qwen2.5-coder:latest"})
    EXPECT_NE(shelf->find(name).value_or(nullptr), nullptr) << name;
  const auto unknown = shelf->find("c");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(unknown.error().message, HasSubstr("'qwen2.5-coder', 'b'"));
  EXPECT_EQ(load("c").error().code, ErrorCode::kNotFound);
}

TEST_F(ModelShelfTest, TheLeastRecentlyUsedLeavesFirst) {
  start({model("a"), model("b"), model("c")}, 250);
  for (const char* name : {"a", "b", "a"}) {
    load(name);
    now = now.load() + minutes(1);
  }
  load("c");
  EXPECT_TRUE(is_loaded("a"));
  EXPECT_FALSE(is_loaded("b"));
  EXPECT_EQ(alive, 2);
}

TEST_F(ModelShelfTest, AModelThatIsInUseStaysUntilItsRequestsHaveEnded) {
  start({model("a"), model("b")}, 100);
  auto running = load("a");
  auto waiting = later("b");
  ASSERT_TRUE(eventually([&] { return *shelf->find("a") == nullptr; })) << "it gets no new requests";
  EXPECT_EQ((*running)->served().name, "a");
  EXPECT_EQ(alive, 1);
  EXPECT_EQ(loads, 1) << "there is no memory for both";
  running = fail(ErrorCode::kCancelled, "done");
  EXPECT_EQ((*waiting.get())->served().name, "b");
  EXPECT_EQ(alive, 1);
}

TEST_F(ModelShelfTest, WhoAsksForAModelThatIsAboutToLeaveGetsItAfterTheOther) {
  start({model("a"), model("b")}, 100);
  auto running = load("a");
  auto b = later("b");
  auto a = later("a");
  running = fail(ErrorCode::kCancelled, "done");
  { EXPECT_EQ((*b.get())->served().name, "b"); }
  EXPECT_EQ((*a.get())->served().name, "a");
  EXPECT_EQ(loads, 3);
}

TEST_F(ModelShelfTest, AModelLeavesWhenNobodyHasUsedItForItsTime) {
  ShelfModel brief = model("a");
  brief.keep_alive = minutes(5);
  start({brief, model("b")});
  auto handle = load("a");
  load("b");
  now = now.load() + minutes(10);
  shelf->look_again();
  EXPECT_EQ(shelf->list()[0].stays, minutes(5)) << "it is used";
  handle = fail(ErrorCode::kCancelled, "done");
  now = now.load() + minutes(4);
  EXPECT_EQ(shelf->list()[0].stays, minutes(1));
  shelf->look_again();
  EXPECT_TRUE(is_loaded("a"));
  now = now.load() + minutes(1);
  shelf->look_again();
  EXPECT_TRUE(eventually([&] { return !is_loaded("a") && alive == 1; }));
  EXPECT_TRUE(is_loaded("b")) << "for ever";
}

TEST_F(ModelShelfTest, KeepAliveMayBeChangedAtAnyTime) {
  start({model("a")});
  auto handle = load("a");
  shelf->keep_alive("a", std::chrono::milliseconds(0));
  EXPECT_NE(*shelf->find("a"), nullptr) << "not while it is used";
  handle = fail(ErrorCode::kCancelled, "done");
  EXPECT_TRUE(eventually([&] { return alive == 0; }));
  shelf->keep_alive("a", std::nullopt);
  load("a");
  now = now.load() + std::chrono::hours(1000);
  shelf->look_again();
  EXPECT_TRUE(is_loaded("a"));
}

TEST_F(ModelShelfTest, AModelThatStaysLeavesForNobody) {
  ShelfModel first = model("a");
  first.stays = true;
  start({first, model("b"), model("c")}, 200);
  load("a");
  now = now.load() + minutes(1);
  load("b");
  shelf->keep_alive("a", std::chrono::milliseconds(0));
  load("c");
  EXPECT_TRUE(is_loaded("a"));
  EXPECT_FALSE(is_loaded("b"));
  EXPECT_EQ(shelf->list()[0].stays, std::nullopt);
}

TEST_F(ModelShelfTest, WhereThoseThatStayLeaveNoRoomNobodyWaits) {
  ShelfModel first = model("a");
  first.stays = true;
  start({first, model("b")}, 150);
  load("a");
  EXPECT_EQ(load("b").error().code, ErrorCode::kTooLarge);
}

TEST_F(ModelShelfTest, WhatCannotBeLoadedIsAnErrorForThoseWhoAsked) {
  start({model("a"), model("broken"), model("odd"), model("huge", 1000)}, 500);
  EXPECT_EQ(load("broken").error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(load("odd").error().message, HasSubstr("odd"));
  EXPECT_EQ(load("huge").error().code, ErrorCode::kTooLarge);
  EXPECT_TRUE(load("a"));
}

TEST_F(ModelShelfTest, WhileAModelLoadsOthersAreFound) {
  std::promise<void> go;
  ShelfModel slow = model("slow");
  slow.load = [this, gate = go.get_future().share()]() -> Result<std::unique_ptr<LoadedModel>> {
    gate.wait();
    return std::make_unique<Babbling>("slow", alive);
  };
  start({model("a"), slow});
  load("a");
  auto waiting = later("slow");
  EXPECT_NE(*shelf->find("a"), nullptr);
  go.set_value();
  EXPECT_TRUE(waiting.get());
}

TEST_F(ModelShelfTest, ARequestThatHasEndedWakesNobodyWhereItsModelCannotGo) {
  std::atomic<int> looks{0};
  const auto here = std::this_thread::get_id();
  std::vector<ShelfModel> models{model("a"), model("b")};
  models[1].stays = true;
  models[1].keep_alive = minutes(5);
  shelf =
      std::make_unique<ModelShelf>(std::move(models), ShelfOptions{0, [&] {
                                                                     if (std::this_thread::get_id() != here)
                                                                       ++looks;
                                                                     return now.load();
                                                                   }});
  load("a");
  load("b");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // a look that is late would only be counted
  const int before = looks;
  for (int i = 0; i < 200; ++i) {
    EXPECT_NE(*shelf->find(i % 2 == 0 ? "a" : "b"), nullptr);
    std::this_thread::yield();
  }
  shelf->look_again();
  ASSERT_TRUE(eventually([&] { return looks > before; }));
  EXPECT_LE(looks, before + 4);
}

TEST_F(ModelShelfTest, AtTheEndWhoeverWaitsIsToldAndHandlesStayValid) {
  start({model("a"), model("b")}, 100);
  auto running = load("a");
  auto waiting = later("b");
  shelf.reset();
  EXPECT_EQ(waiting.get().error().code, ErrorCode::kCancelled);
  EXPECT_EQ((*running)->served().name, "a");
  EXPECT_EQ(alive, 1);
  running = fail(ErrorCode::kCancelled, "done");
  EXPECT_EQ(alive, 0);
}

TEST_F(ModelShelfTest, ManyThreadsAskForMoreModelsThanThereIsMemoryFor) {
  start({model("a"), model("b"), model("c")}, 200);
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([this, &answered, thread] {
      for (int i = 0; i < 50; ++i) {
        const std::string name(1, static_cast<char>('a' + (i + thread) % 3));
        auto handle = shelf->find(name);
        if (handle && !*handle) handle = later(name).get();
        if (handle && (*handle)->served().name == name) ++answered;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 200);
  EXPECT_LE(alive, 2);
}

}  // namespace
}  // namespace riposte::server
