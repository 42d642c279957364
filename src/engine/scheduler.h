// Who gets rows of the next step. Sees sequences and pages, neither models nor kernels nor text.
//
// In the order of their turns (pace.h): the shortest expected work first, with ageing. A waiting sequence is
// admitted when its worst case fits into the KV memory beside those that run, so nothing that runs is ever
// stopped for memory. In a step, every sequence with one pending token (all that are decoding) gets its row;
// what is left goes to prompts, so many rows that the step keeps to its time, those of the earliest turn
// first: a long prompt delays a shorter one by a step, and decoding by a step's time. What is then left may
// go to guesses of those that are answered. A sequence without a turn gets rows only where nobody else has any.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "drafting/step_cost.h"
#include "engine/pace.h"
#include "engine/sequence.h"
#include "kvcache/page_cache.h"

namespace riposte::engine {

struct SchedulerLimits {
  int32_t max_sequences = 0;
  int32_t prefill_chunk = 0;
  int32_t max_rows = 0;                   // of a step
  int32_t max_answer_rows = 0;            // rows of a step that are answered
  double max_step_ms = 0;                 // 0: no bound
  std::span<const float> step_cost = {};  // [rows], milliseconds; must outlive the scheduler
};

// The rows of one sequence: its next pending tokens, then the guesses of its draft. The last `answers` rows
// are to be answered: that of its last token and those of all guesses.
struct Share {
  Sequence* sequence = nullptr;
  int32_t rows = 0;
  int32_t answers = 0;

  int32_t drafted() const { return answers > 0 ? answers - 1 : 0; }
};

struct Plan {
  std::vector<kvcache::PageCopy> copies;  // first these, in this order,
  std::vector<Share> shares;              // then these rows; none of them empty
  int32_t rows = 0;                       // of all shares
};

class Scheduler {
 public:
  Scheduler(const SchedulerLimits& limits, int32_t pages, int32_t page_size);

  void add(std::unique_ptr<Sequence> sequence);
  // Null if nobody has this id.
  Sequence* find(RequestId id);
  // Begins the next step: moves waiting sequences to the running ones while there is room. `pace` hears how
  // much of their prompts was in the cache.
  void admit(Pace& pace);
  // Decides the rows of known tokens; page tables cover them. The plan is valid until the next step. Empty
  // only if nothing runs, or if what was admitted had to fail.
  Plan& schedule();
  // The guesses that may still be added to the plan.
  int32_t guesses_left() const { return std::min(rows_left_, answers_left_); }
  // Adds the draft of a share that is answered. It is cut to what there are rows and pages for.
  void add_guesses(Share& share);
  // After the step: of the paths of a sequence's draft, this one goes on.
  void keep_path(Sequence& sequence, int32_t path);
  // The end of the step: forgets all branches.
  void drop_branches();
  // Makes the whole pages of what a sequence has computed available to others.
  void publish(Sequence& sequence);
  // Moves those that are finished into `finished` and gives their memory back.
  void collect(std::vector<std::unique_ptr<Sequence>>& finished);

  std::span<const std::unique_ptr<Sequence>> running() const { return running_; }
  int32_t waiting() const { return static_cast<int32_t>(waiting_.size()); }
  kvcache::PageCache& cache() { return cache_; }
  Load load() const;
  bool idle() const { return running_.empty() && waiting_.empty(); }
  // Marks everything that runs or waits as finished.
  void finish_all(FinishReason reason);
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const auto& sequence : running_) visit(*sequence);
    for (const auto& sequence : waiting_) visit(*sequence);
  }

 private:
  int32_t prompt_rows(int32_t decoding) const;
  bool give_memory(Sequence& next);
  Sequence* who_computes_its_beginning(const Sequence& next) const;
  void hurry(Sequence& sequence, Clock::time_point turn);

  SchedulerLimits limits_;
  kvcache::PageCache cache_;
  drafting::StepCost step_cost_;
  // Both in the order of turns.
  std::deque<std::unique_ptr<Sequence>> waiting_;
  std::vector<std::unique_ptr<Sequence>> running_;
  Plan plan_;
  int32_t rows_left_ = 0;  // of the plan
  int32_t answers_left_ = 0;
};

}  // namespace riposte::engine
