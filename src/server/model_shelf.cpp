#include "server/model_shelf.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "base/check.h"

namespace riposte::server {
namespace {

using Clock = std::chrono::steady_clock;

// With a clock that says a later time than the thread waited for.
constexpr std::chrono::milliseconds kLongestWait{60'000};

struct Entry {
  ShelfModel model;
  std::shared_ptr<LoadedModel> loaded = {};
  int64_t uses = 0;      // handles that are held
  bool leaving = false;  // gets no new requests
  Clock::time_point last_used = {};
};

enum class Room { kNow, kLater, kNever };

// What a name means.
struct Place {
  size_t entry = 0;
  std::optional<size_t> adapter = {};
};

struct Waiting {
  Place place;
  ModelShelf::Then then;
};

// What is to be done when the lock is free.
struct Answer {
  ModelShelf::Then then;
  Result<ModelShelf::Handle> result;
};

void give(std::vector<Answer> answers) {
  for (Answer& answer : answers) {
    try {
      answer.then(std::move(answer.result));
    } catch (const std::exception& failed) {
      spdlog::error("a request for a model was dropped: {}", failed.what());
    }
  }
}

}  // namespace

struct ModelShelf::State : std::enable_shared_from_this<State> {
  State(std::vector<ShelfModel> models, ShelfOptions shelf_options) : options(std::move(shelf_options)) {
    RIPOSTE_CHECK(!models.empty());
    for (ShelfModel& model : models) {
      Entry& entry = entries.emplace_back(Entry{std::move(model)});
      entry.loaded = std::move(entry.model.loaded);
      entry.last_used = options.now();
    }
  }

  std::optional<Place> place(std::string_view name) const;
  Handle handle(const Place& place);
  void released(size_t entry);
  void run();

  // All of these under the mutex; those with a lock let go of it for a while.
  void expire();
  bool someone_can_go() const;
  bool unload_one(std::unique_lock<std::mutex>& lock);
  bool load_first(std::unique_lock<std::mutex>& lock);
  Room make_room(size_t wanted);
  std::optional<Clock::time_point> next_expiry() const;
  void answer_all(size_t entry, const Result<void>& loaded, std::vector<Answer>& answers);

  const ShelfOptions options;
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Entry> entries;  // never more or fewer
  std::deque<Waiting> waiting;
  engine::Totals retired;
  bool again = false;  // something has changed since the thread last looked
  bool stopping = false;
  std::thread thread;
};

std::optional<Place> ModelShelf::State::place(std::string_view name) const {
  if (name.empty()) return Place{};
  for (size_t at = 0; at < entries.size(); ++at) {
    const ShelfModel& model = entries[at].model;
    if (api::is_called(name, model.name, model.aliases)) return Place{at};
    for (size_t adapter = 0; adapter < model.adapters.size(); ++adapter) {
      if (api::is_called(name, api::with_adapter(model.name, model.adapters[adapter]),
                         api::with_adapter(model.aliases, model.adapters[adapter]))) {
        return Place{at, adapter};
      }
    }
  }
  return std::nullopt;
}

// The model cannot go as long as this is held, and whoever lets the last one go does not have to end it: that
// is the shelf's thread's work.
ModelShelf::Handle ModelShelf::State::handle(const Place& place) {
  const size_t at = place.entry;
  Entry& entry = entries[at];
  ++entry.uses;
  const LoadedModel* model = place.adapter ? &entry.loaded->with_adapter(*place.adapter) : entry.loaded.get();
  return Handle(model, [state = shared_from_this(), keep = entry.loaded, at](const LoadedModel*) mutable {
    keep.reset();
    state->released(at);
  });
}

void ModelShelf::State::released(size_t at) {
  {
    const std::lock_guard lock(mutex);
    Entry& entry = entries[at];
    --entry.uses;
    entry.last_used = options.now();
    // After most requests the thread has nothing to do, and to wake it takes a processor from those that
    // wait.
    const bool may_go = entry.uses == 0 && (entry.leaving || (entry.model.keep_alive && !entry.model.stays));
    if (!may_go) return;
    again = true;
  }
  changed.notify_one();
}

void ModelShelf::State::expire() {
  const Clock::time_point now = options.now();
  for (Entry& entry : entries) {
    if (entry.loaded && entry.uses == 0 && !entry.model.stays && entry.model.keep_alive &&
        now - entry.last_used >= *entry.model.keep_alive) {
      entry.leaving = true;
    }
  }
}

std::optional<Clock::time_point> ModelShelf::State::next_expiry() const {
  std::optional<Clock::time_point> next;
  for (const Entry& entry : entries) {
    if (!entry.loaded || entry.uses > 0 || entry.model.stays || !entry.model.keep_alive) continue;
    const Clock::time_point expiry = entry.last_used + *entry.model.keep_alive;
    next = std::min(next.value_or(expiry), expiry);
  }
  return next;
}

bool ModelShelf::State::someone_can_go() const {
  return std::ranges::any_of(entries,
                             [](const Entry& one) { return one.loaded && one.leaving && one.uses == 0; });
}

bool ModelShelf::State::unload_one(std::unique_lock<std::mutex>& lock) {
  const auto entry = std::ranges::find_if(
      entries, [](const Entry& one) { return one.loaded && one.leaving && one.uses == 0; });
  if (entry == entries.end()) return false;
  spdlog::info("unloading {}", entry->model.name);
  std::shared_ptr<LoadedModel> gone = std::move(entry->loaded);
  entry->leaving = false;
  retired.add(gone->served().engine.totals());
  lock.unlock();  // this thread alone loads: nothing takes the memory before it is given back
  gone.reset();
  lock.lock();
  return true;
}

// Whether there is memory for a model now, or when others have left who have been told to, or never.
Room ModelShelf::State::make_room(size_t wanted) {
  if (options.memory_bytes == 0) return Room::kNow;
  uint64_t needed = entries[wanted].model.bytes;
  uint64_t staying = needed;
  uint64_t fixed = needed;
  for (const Entry& entry : entries) {
    if (!entry.loaded) continue;
    if (entry.model.stays) fixed += entry.model.bytes;
    needed += entry.model.bytes;
    if (!entry.leaving) staying += entry.model.bytes;
  }
  if (fixed > options.memory_bytes) return Room::kNever;
  while (staying > options.memory_bytes) {
    Entry* oldest = nullptr;
    for (Entry& entry : entries) {
      if (!entry.loaded || entry.leaving || entry.model.stays) continue;
      const bool earlier = oldest == nullptr || std::pair(entry.uses > 0, entry.last_used) <
                                                    std::pair(oldest->uses > 0, oldest->last_used);
      if (earlier) oldest = &entry;
    }
    RIPOSTE_CHECK(oldest != nullptr);
    oldest->leaving = true;
    staying -= oldest->model.bytes;
  }
  return needed <= options.memory_bytes ? Room::kNow : Room::kLater;
}

void ModelShelf::State::answer_all(size_t at, const Result<void>& loaded, std::vector<Answer>& answers) {
  for (Waiting& one : waiting) {
    if (one.place.entry != at) continue;
    answers.push_back(
        {std::move(one.then), loaded ? Result<Handle>(handle(one.place)) : Result<Handle>(pass_on(loaded))});
  }
  std::erase_if(waiting, [at](const Waiting& one) { return one.place.entry == at; });
}

// False if there is nothing to load, or if it has to wait for others to leave.
bool ModelShelf::State::load_first(std::unique_lock<std::mutex>& lock) {
  if (waiting.empty()) return false;
  const size_t at = waiting.front().place.entry;
  Result<void> result;
  if (!entries[at].loaded) {
    const ShelfModel& model = entries[at].model;  // but for keep_alive it never changes
    const Room room = make_room(at);
    if (room == Room::kLater) return someone_can_go();
    if (room == Room::kNever) {
      result = fail(ErrorCode::kTooLarge,
                    "model '{}' needs {} MiB of memory: more than {} MiB for all models together leave it",
                    model.name, model.bytes >> 20, options.memory_bytes >> 20);
    } else {
      spdlog::info("loading {}", model.name);
      lock.unlock();
      Result<std::unique_ptr<LoadedModel>> loaded;
      try {
        loaded = model.load();
      } catch (const std::exception& failed) {
        loaded = fail(ErrorCode::kBusy, "model '{}' could not be loaded: {}", model.name, failed.what());
      }
      lock.lock();
      if (loaded) {
        entries[at].loaded = std::move(*loaded);
        entries[at].last_used = options.now();
      } else {
        result = pass_on(loaded);
      }
    }
  }
  if (result) entries[at].leaving = false;  // who was about to leave is asked to stay
  std::vector<Answer> answers;
  answer_all(at, result, answers);
  lock.unlock();
  give(std::move(answers));
  lock.lock();
  return true;
}

void ModelShelf::State::run() {
  std::unique_lock lock(mutex);
  while (!stopping) {
    again = false;
    expire();
    if (unload_one(lock) || load_first(lock) || again) continue;
    const auto expiry = next_expiry();
    const auto wait =
        expiry ? std::min<Clock::duration>(*expiry - options.now(), kLongestWait) : kLongestWait;
    changed.wait_for(lock, wait, [this] { return again || stopping; });
  }
}

ModelShelf::ModelShelf(std::vector<ShelfModel> models, ShelfOptions options)
    : state_(std::make_shared<State>(std::move(models), std::move(options))) {
  state_->thread = std::thread([state = state_] { state->run(); });
}

ModelShelf::~ModelShelf() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_one();
  if (state_->thread.get_id() == std::this_thread::get_id()) {
    state_->thread.detach();  // the last who waited for a model has let go of all: the thread ends by itself
  } else {
    state_->thread.join();
  }
  std::vector<Answer> answers;
  std::vector<std::shared_ptr<LoadedModel>> models;  // ended here, or by the last handle
  {
    const std::lock_guard lock(state_->mutex);
    for (Waiting& one : state_->waiting)
      answers.push_back({std::move(one.then), fail(ErrorCode::kCancelled, "the server is about to stop")});
    state_->waiting.clear();
    for (Entry& entry : state_->entries) models.push_back(std::move(entry.loaded));
  }
  give(std::move(answers));
}

Result<ModelShelf::Handle> ModelShelf::find(std::string_view name) {
  const std::lock_guard lock(state_->mutex);
  const auto at = state_->place(name);
  if (!at) {
    std::string known;
    for (const Entry& entry : state_->entries) {
      known += fmt::format("{}'{}'", known.empty() ? "" : ", ", entry.model.name);
      for (const std::string& adapter : entry.model.adapters)
        known += fmt::format(", '{}'", api::with_adapter(entry.model.name, adapter));
    }
    return fail(ErrorCode::kNotFound, "there is no model '{}' here; this server serves {}", name, known);
  }
  const Entry& entry = state_->entries[at->entry];
  if (!entry.loaded || entry.leaving) return Handle();
  return state_->handle(*at);
}

void ModelShelf::load(std::string_view name, Then then) {
  {
    const std::lock_guard lock(state_->mutex);
    if (const auto at = state_->place(name)) {
      state_->waiting.push_back({*at, std::move(then)});
      state_->again = true;
      then = nullptr;
    }
  }
  if (then) return then(fail(ErrorCode::kNotFound, "there is no model '{}' here", name));
  state_->changed.notify_one();
}

void ModelShelf::keep_alive(std::string_view name, KeepAlive time) {
  {
    const std::lock_guard lock(state_->mutex);
    const auto at = state_->place(name);
    if (!at || state_->entries[at->entry].model.stays) return;
    state_->entries[at->entry].model.keep_alive = time;
    state_->again = true;
  }
  state_->changed.notify_one();
}

std::vector<ModelShelf::Listing> ModelShelf::list() {
  std::vector<Listing> all;
  const std::lock_guard lock(state_->mutex);
  const Clock::time_point now = state_->options.now();
  for (size_t at = 0; at < state_->entries.size(); ++at) {
    const Entry& entry = state_->entries[at];
    Listing listing{entry.model.name, entry.model.aliases, entry.model.bytes, entry.model.details, {}, {}};
    // Not a use: to look at a model keeps nothing alive.
    if (!entry.leaving) listing.loaded = entry.loaded;
    if (listing.loaded && entry.model.keep_alive) {
      const auto since = entry.uses > 0 ? Clock::duration::zero() : now - entry.last_used;
      listing.stays =
          std::max(std::chrono::milliseconds(0),
                   std::chrono::duration_cast<std::chrono::milliseconds>(*entry.model.keep_alive - since));
    }
    all.push_back(listing);
    for (size_t adapter = 0; adapter < entry.model.adapters.size(); ++adapter) {
      Listing& adapted = all.emplace_back(listing);
      adapted.name = api::with_adapter(entry.model.name, entry.model.adapters[adapter]);
      adapted.aliases = api::with_adapter(entry.model.aliases, entry.model.adapters[adapter]);
      adapted.details.parent = entry.model.name;
      if (listing.loaded) adapted.loaded = Handle(listing.loaded, &listing.loaded->with_adapter(adapter));
    }
  }
  return all;
}

size_t ModelShelf::size() const {
  size_t size = state_->entries.size();
  for (const Entry& entry : state_->entries) size += entry.model.adapters.size();
  return size;
}

engine::Totals ModelShelf::totals() {
  const std::lock_guard lock(state_->mutex);
  engine::Totals all = state_->retired;
  for (const Entry& entry : state_->entries) {
    if (entry.loaded) all.add(entry.loaded->served().engine.totals());
  }
  return all;
}

engine::Load ModelShelf::load() {
  const std::lock_guard lock(state_->mutex);
  engine::Load all;
  for (const Entry& entry : state_->entries) {
    if (!entry.loaded) continue;
    const engine::Load one = entry.loaded->served().engine.load();
    all.waiting += one.waiting;
    all.running += one.running;
    all.pages += one.pages;
    all.page_size = one.page_size;
    all.pages_in_use += one.pages_in_use;
  }
  return all;
}

void ModelShelf::look_again() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->again = true;
  }
  state_->changed.notify_one();
}

}  // namespace riposte::server
