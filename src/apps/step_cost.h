// What a step of a model costs on this machine, by its rows: what decides how much is guessed
// (drafting/choose.h). Measured the first few times that a program uses a model, in less than 300 ms each once the
// weights are in memory, and kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "model/executor.h"
#include "model/model.h"

namespace riposte::apps {

struct StepTime {
  int32_t rows = 0;
  double milliseconds = 0;
};

// Time of a step whose rows all answer, as when guesses are verified, for some numbers of rows from 1 to 32,
// ascending: of a plain step and one of eight rows in any case, of others as far as `budget` allows, each the
// least of several where there is time. Uses the executor's pages from 0 on. Empty if the executor cannot run
// such steps.
std::vector<StepTime> measure_step_times(model::Executor& executor, std::chrono::milliseconds budget);

// [rows]: the milliseconds of 1, 2, ... rows, straight lines between what was measured. A step of more rows
// never counts as cheaper. Empty if nothing was measured.
std::vector<float> step_cost_of(const std::vector<StepTime>& measured);

// What a kept curve belongs to: it is measured again where any of it is another.
struct StepCostKey {
  std::string model;     // the name of the model's file
  uint64_t shapes = 0;   // hash of its tensors' names, formats and shapes
  std::string executor;  // "cpu avx512_vnni"
  int threads = 0;
};
StepCostKey step_cost_key(const std::string& name, const model::Model& model, const std::string& executor,
                          int threads);

// home/state/step-cost
std::filesystem::path step_cost_directory();

// The curve of this executor: from a file in `folder` if it holds one for this key, this processor and this very
// program. The first three starts measure, and the file keeps the least that was measured: a machine that was busy
// once must not decide for ever how much is guessed.
using MeasureStepTimes = std::function<std::vector<StepTime>()>;
std::vector<float> find_step_cost(const std::filesystem::path& folder, const StepCostKey& key,
                                  const MeasureStepTimes& measure);

}  // namespace riposte::apps
