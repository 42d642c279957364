// Who gets rows of the next step. Sees sequences and pages, neither models nor kernels nor text.
//
// First come, first served. A waiting sequence is admitted when its worst case fits into the KV memory beside
// those that run, so nothing that runs is ever stopped for memory. In a step, every sequence with one pending
// token (all that are decoding) gets its row; what is left goes to prompts, up to prefill_chunk rows, in the
// order of arrival; and what is then left goes to guesses.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "engine/sequence.h"
#include "kvcache/page_cache.h"

namespace riposte::engine {

struct SchedulerLimits {
  int32_t max_sequences = 0;
  int32_t prefill_chunk = 0;
  int32_t max_rows = 0;         // of a step
  int32_t max_answer_rows = 0;  // rows of a step that are answered
};

// The rows of one sequence: its next pending tokens, then its draft. The last `answers` rows are to be
// answered.
struct Share {
  Sequence* sequence = nullptr;
  int32_t rows = 0;
  int32_t answers = 0;

  int32_t drafted() const { return answers > 0 ? answers - 1 : 0; }
};

struct Plan {
  std::vector<kvcache::PageCopy> copies;  // first these, in this order,
  std::vector<Share> shares;              // then these rows; none of them empty
};

class Scheduler {
 public:
  Scheduler(const SchedulerLimits& limits, int32_t pages, int32_t page_size);

  void add(std::unique_ptr<Sequence> sequence);
  // Null if nobody has this id.
  Sequence* find(RequestId id);
  // Begins the next step: moves waiting sequences to the running ones while there is room.
  void admit();
  // Decides the step's rows. Drafts are cut to what they get; page tables cover all rows. The plan is valid
  // until the next admit(). Empty only if nothing runs, or if what was admitted had to fail.
  const Plan& schedule();
  // Makes the whole pages of what a sequence has computed available to others.
  void publish(Sequence& sequence);
  // Moves those that are finished into `finished` and gives their memory back.
  void collect(std::vector<std::unique_ptr<Sequence>>& finished);

  std::span<const std::unique_ptr<Sequence>> running() const { return running_; }
  int32_t waiting() const { return static_cast<int32_t>(waiting_.size()); }
  bool idle() const { return running_.empty() && waiting_.empty(); }
  // Marks everything that runs or waits as finished.
  void finish_all(FinishReason reason);

 private:
  bool someone_computes_its_beginning(const Sequence& next) const;

  SchedulerLimits limits_;
  kvcache::PageCache cache_;
  std::deque<std::unique_ptr<Sequence>> waiting_;
  std::vector<std::unique_ptr<Sequence>> running_;  // in the order of arrival
  Plan plan_;
};

}  // namespace riposte::engine
