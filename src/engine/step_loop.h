// The heart of the engine: one step after another, each for all sequences at once. Used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/engine.h"
#include "engine/guesser.h"
#include "engine/pace.h"
#include "engine/pins.h"
#include "engine/scheduler.h"
#include "engine/sequence.h"
#include "engine/step_rows.h"
#include "model/executor.h"
#include "sampling/sampler.h"

namespace riposte::engine {

class StepLoop {
 public:
  StepLoop(model::Executor& executor, const TokenText& text, const EngineOptions& options);

  // Restores what is to stay in KV memory, and begins to compute what cannot be restored.
  void begin();
  void add(std::unique_ptr<Sequence> sequence);
  void cancel(RequestId id);  // told to the listener by the next step
  void supersede(const Supersession& newer);
  // Admit, schedule, guess, run, accept, deliver.
  void step();
  // Finishes everything with kCancelled and tells the listeners.
  void cancel_all();

  bool idle() const { return scheduler_.idle(); }
  int32_t waiting() const { return scheduler_.waiting(); }
  const Totals& totals() const { return totals_; }
  Load load() const { return scheduler_.load(); }
  Forecast forecast() const { return {pace_, {}}; }
  // Brings a forecast up to date.
  void refresh(Forecast& forecast) const;

 private:
  void guess(Plan& plan);
  Result<model::StepResult> run(const Plan& plan, Clock::time_point now);
  // Judges the answered rows of a share, whose first row is row `row` of the step.
  void accept(const Share& share, size_t row, const model::StepResult& result);
  void follow(Sequence& sequence, size_t root, int32_t drafted, const model::StepResult& result);
  void overhear(Sequence& sequence, size_t root, int32_t reached, const model::StepResult& result);
  void pool(Sequence& sequence, size_t row, size_t rows, const model::StepResult& result);
  void end_what_is_late();
  double work_left(const Sequence& sequence) const;
  void deliver();

  model::Executor& executor_;
  const TokenText& text_;
  int32_t vocabulary_;
  int32_t context_length_;
  const std::vector<float> step_cost_;
  const std::function<Clock::time_point()> now_;
  Pace pace_;
  Guesser guesser_;
  Scheduler scheduler_;
  Pins pins_;
  StepRows rows_;
  Clock::time_point step_end_;
  double step_work_ = 0;  // what the step has done
  // Memory that every step reuses.
  std::vector<TokenId> produced_;
  sampling::Workspace workspace_;
  std::vector<std::unique_ptr<Sequence>> finished_;
  Totals totals_;
};

}  // namespace riposte::engine
