// A model, ready to compute: the file, a thread team and an executor, assembled from the options of a command
// line.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "apps/adapters.h"
#include "base/result.h"
#include "chat/template.h"
#include "drafting/drafter.h"
#include "engine/engine.h"
#include "engine/pooling.h"
#include "hardware/thread_team.h"
#include "model/executor.h"
#include "model/merge.h"
#include "model/model.h"
#include "rewrite/lean.h"
#include "rewrite/presets.h"

namespace riposte::apps {

inline constexpr const char* kDefaultModel = "smollm2";

struct RuntimeOptions {
  std::string model = kDefaultModel;
  std::vector<AdapterFile> adapters = {};
  model::Merging merging = model::Merging::kAsTrained;  // which adapters get weights of their own
  bool shipped_adapters = true;           // those that come with Riposte too, where the model is theirs
  bool all_adapters_fit = true;           // false: those that were made for another model are left out
  std::vector<std::string> aliases = {};  // other names under which a server knows it
  std::string executor = "cpu";           // "cpu" or "float"
  std::string instruction_set;            // empty: the best of this machine
  int threads = 0;                        // 0: all processors that this process may use
  bool pin_threads = false;               // bind each thread of the team but the caller to a processor
  int32_t context = 4096;                 // tokens of KV memory, shared by all sequences
  uint64_t kv_bytes = 0;                  // the same in bytes; 0: as `context` says
  // Their instructions stay in KV memory, which gets larger by them. They must outlive the runtime's opening.
  std::span<const rewrite::Preset> pinned = {};
  std::string snapshot;  // what the file that keeps them for the next start is called beside the model's name
  std::string packed_cache;  // the folder that keeps packed weights for the next start; empty: none
  bool drafting = true;      // guess that an answer goes on as its source does
  bool history = true;       // ... or as earlier answers did
  std::optional<engine::Pooling>
      pooling;                   // of embeddings, where a request does not say; absent: as the file says
  rewrite::LeanRules lean = {};  // of rewriting, likewise
};

// --model, --executor, --instruction-set, --threads, --pin-threads, --context, --packed-cache and
// --no-packed-cache, with their checks.
void add_model_option(CLI::App& command, RuntimeOptions& options);
void add_executor_options(CLI::App& command, RuntimeOptions& options);
// --adapter, --no-shipped-adapters, --merge-adapters and --no-merge-adapters.
void add_adapter_options(CLI::App& command, RuntimeOptions& options);
// --no-drafting and --no-history, for commands that answer requests.
void add_drafting_option(CLI::App& command, RuntimeOptions& options);
// --lean, for commands that rewrite.
void add_lean_option(CLI::App& command, RuntimeOptions& options);

// The template of a model that can chat. Errors: kUnsupported (the file has none), those of Template::parse.
Result<chat::Template> parse_chat_template(const model::Model& model);

// The adapters that a model has with these options: those that were named and fit, then those that come with
// Riposte. Errors: those of open_adapters.
Result<std::vector<NamedAdapter>> adapters_of(const RuntimeOptions& options, const AdapterBase& base);

// Members are in the order of their dependence: each refers to those above it.
class Runtime {
 public:
  // Errors: those of find_model, Model::open, open_adapters and the executor.
  static Result<Runtime> open(const RuntimeOptions& options);

  const model::Model& model() const { return *model_; }
  std::span<const NamedAdapter> adapters() const {
    return adapters_;
  }  // of the executor, in the order of their ids
  const tokenizer::Tokenizer& tokenizer() const { return model_->tokenizer; }
  model::Executor& executor() const { return *executor_; }
  int threads() const { return team_->size(); }
  const std::string& name() const { return name_; }  // the model file's name without ".gguf"
  // Tokens of one sequence at most: what the model was trained for and the KV memory holds.
  int32_t context_length() const;
  // For an engine that this outlives.
  engine::EngineOptions engine_options() const {
    return {.drafter = drafter_.get(), .step_cost = step_cost_, .pins = pins_};
  }

 private:
  Runtime() = default;
  std::string name_;
  std::shared_ptr<const model::Model> model_;
  std::vector<NamedAdapter> adapters_;
  std::unique_ptr<hardware::ThreadTeam> team_;
  std::unique_ptr<model::Executor> executor_;
  std::unique_ptr<drafting::Drafter> drafter_;  // null: no guesses
  std::vector<float> step_cost_;
  engine::PinOptions pins_;
};

}  // namespace riposte::apps
