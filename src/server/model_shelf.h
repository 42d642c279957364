// Which models are in memory: loaded when somebody asks for them, kept while they are used, and let go for
// others.
//
// A request holds its model by a handle, so a change of models drops no request: a model that has to leave
// gets no new requests, and leaves when the last of its handles has gone. Loading and unloading happen on a
// thread of the shelf's own; models that are loaded go on serving meanwhile.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/served_model.h"
#include "base/result.h"
#include "engine/request.h"

namespace riposte::server {

// A model in memory, with all that serves it.
class LoadedModel {
 public:
  virtual ~LoadedModel() = default;
  virtual const api::ServedModel& served() const = 0;
  // The same with one of its adapters (ShelfModel::adapters), a part of this.
  virtual const LoadedModel& with_adapter(size_t /*index*/) const { return *this; }
};

// How long a model stays after its last request; nothing: for ever.
using KeepAlive = std::optional<std::chrono::milliseconds>;

// A model that may be asked for.
struct ShelfModel {
  std::string name;
  std::vector<std::string> aliases = {};
  std::vector<std::string> adapters = {};  // asked for as "NAME:ADAPTER"
  uint64_t bytes = 0;  // of memory that it will take, roughly
  bool stays = false;  // it never leaves, whatever clients ask for
  KeepAlive keep_alive = {};
  std::function<Result<std::unique_ptr<LoadedModel>>()> load;  // called on the shelf's thread
  std::shared_ptr<LoadedModel> loaded = {};                    // if it is in memory from the start
  api::ModelDetails details = {};                              // what is known of it before it is loaded
};

struct ShelfOptions {
  uint64_t memory_bytes = 0;  // for all models together; 0: no bound
  std::function<std::chrono::steady_clock::time_point()> now =
      std::chrono::steady_clock::now;  // a test's own clock
};

class ModelShelf {
 public:
  using Handle = std::shared_ptr<const LoadedModel>;
  using Then = std::function<void(Result<Handle>)>;

  // At least one model; the first is meant where a request names none.
  explicit ModelShelf(std::vector<ShelfModel> models, ShelfOptions options = {});
  // Handles may outlive it. Whoever still waits for a model gets kCancelled.
  ~ModelShelf();
  ModelShelf(const ModelShelf&) = delete;
  ModelShelf& operator=(const ModelShelf&) = delete;

  // All of these are thread-safe; `name` is a name or an alias, also with the name of an adapter or ":latest"
  // behind it.

  // The model if it is in memory, null if it has to be loaded first. Errors: kNotFound.
  Result<Handle> find(std::string_view name);
  // Loads it, at the cost of those that were used least recently. `then` is called once, on the shelf's
  // thread; it must be quick. Errors: kNotFound, kTooLarge (it needs more memory than there is for all),
  // those of loading.
  void load(std::string_view name, Then then);
  // From here on; 0: the model leaves when nobody uses it. Of one that stays nothing changes.
  void keep_alive(std::string_view name, KeepAlive time);

  struct Listing {
    std::string name;
    std::vector<std::string> aliases;
    uint64_t bytes = 0;
    api::ModelDetails details;
    Handle loaded;    // null: it is not
    KeepAlive stays;  // from now on, if nobody asks
  };
  std::vector<Listing> list();  // each model, and behind it each of its adapters
  size_t size() const;          // of that list
  // Of all models that are or were loaded.
  engine::Totals totals();
  // What waits, runs and is held at this moment, of all loaded models together.
  engine::Load load();
  // For tests, when their clock has moved.
  void look_again();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace riposte::server
