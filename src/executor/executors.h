// The ways to compute with a model. Both obey model::Executor; they differ in speed and in rounding only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "executor/cpu/step_profile.h"
#include "gguf/types.h"
#include "hardware/thread_team.h"
#include "model/adapter.h"
#include "model/executor.h"
#include "model/model.h"

namespace riposte::executor {

// Raised whenever a change of the numeric definitions (kernels/ops.h) or of the layout of KV pages gives
// other bits: KV memory that was kept by another version is of no use.
inline constexpr int kNumericVersion = 1;

struct ExecutorOptions {
  int32_t kv_tokens = 8192;     // KV memory, in tokens; rounded up to whole pages
  int32_t max_rows = 256;       // rows a step
  int32_t max_logit_rows = 64;  // rows of a step that may ask for an answer
  std::vector<std::shared_ptr<const model::Adapter>>
      adapters;  // of this model; a step names them by their place, from 1
  // cpu: [adapters], the types that they are merged into (model/merge.h), nothing: it is computed beside the
  // base. Empty: all are. (The float executor rounds no sums.)
  std::vector<std::optional<gguf::TensorType>> merged_into;
  std::filesystem::path
      packed_cache;             // cpu: the folder of packed weights for the next start; empty: none are kept
  std::string instruction_set;  // cpu: a name of kernels::find_kernels(); empty: the best of this machine
  StepProfile* profile =
      nullptr;  // cpu: where the time of steps is added up, if somebody asks; outlives the executor
};

// Weights decoded to float32, plain loops: slow, and the truth that the other is measured against.
Result<std::unique_ptr<model::Executor>> make_float_executor(std::shared_ptr<const model::Model> model,
                                                             hardware::ThreadTeam& team,
                                                             const ExecutorOptions& options = {});

// Packed integer weights and int8 activations by the numeric contract (kernels/ops.h): fast, and the same
// bits on every instruction set. Errors: kUnsupported (a forced instruction set that this machine lacks).
Result<std::unique_ptr<model::Executor>> make_cpu_executor(std::shared_ptr<const model::Model> model,
                                                           hardware::ThreadTeam& team,
                                                           const ExecutorOptions& options = {});

}  // namespace riposte::executor
