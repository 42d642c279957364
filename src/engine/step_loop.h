// The heart of the engine: one step after another, each for all sequences at once. Used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "drafting/drafter.h"
#include "engine/engine.h"
#include "engine/scheduler.h"
#include "engine/sequence.h"
#include "engine/step_rows.h"
#include "model/executor.h"
#include "sampling/sampler.h"

namespace riposte::engine {

class StepLoop {
 public:
  StepLoop(model::Executor& executor, const TokenText& text, const EngineOptions& options);

  void add(std::unique_ptr<Sequence> sequence) { scheduler_.add(std::move(sequence)); }
  void cancel(RequestId id);  // told to the listener by the next step
  // Admit, draft, schedule, run, accept, deliver.
  void step();
  // Finishes everything with kCancelled and tells the listeners.
  void cancel_all();

  bool idle() const { return scheduler_.idle(); }
  int32_t waiting() const { return scheduler_.waiting(); }

 private:
  void propose_drafts();
  Result<model::StepResult> run(const Plan& plan);
  // Judges the answered rows of a share, the first of which is row `row` of the step.
  void accept(const Share& share, size_t row, const model::StepResult& result);
  void deliver();

  model::Executor& executor_;
  const TokenText& text_;
  const drafting::Drafter* drafter_;
  int32_t max_draft_;
  int32_t vocabulary_;
  Scheduler scheduler_;
  StepRows rows_;
  // Memory that every step reuses.
  drafting::Draft draft_;
  sampling::Workspace workspace_;
  std::vector<std::unique_ptr<Sequence>> finished_;
};

}  // namespace riposte::engine
