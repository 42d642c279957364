#include "engine/scheduler.h"

#include <algorithm>
#include <utility>

namespace riposte::engine {
namespace {

// A branch costs the copy of a page, and each further one is less likely: with more there is nothing to gain.
constexpr int32_t kMostBranches = 8;

// A step that reads fewer rows of prompts would mostly pay for reading the weights.
constexpr int32_t kLeastChunk = 16;
// Nobody waits for the step of a request that is alone, unless somebody arrives in the middle of it.
constexpr double kAlone = 4.0;

// Behind those of the same turn.
template <class Sequences>
void insert_by_turn(Sequences& sequences, std::unique_ptr<Sequence> sequence) {
  const auto place = std::ranges::upper_bound(sequences, sequence->turn(), {},
                                              [](const auto& other) { return other->turn(); });
  sequences.insert(place, std::move(sequence));
}

// What others may take over of a sequence.
std::span<const TokenId> computed_tokens(const Sequence& sequence) {
  if (sequence.bypasses_cache()) return {};
  return sequence.tokens().first(static_cast<size_t>(sequence.computed));
}

}  // namespace

Scheduler::Scheduler(const SchedulerLimits& limits, int32_t pages, int32_t page_size)
    : limits_(limits), cache_(pages, page_size), step_cost_(limits.step_cost) {
  // Whoever is admitted gets at least one row in every step, answered if need be.
  limits_.max_sequences =
      std::max(1, std::min({limits.max_sequences, limits.max_rows, limits.max_answer_rows}));
  limits_.prefill_chunk = std::max(1, limits.prefill_chunk);
  running_.reserve(static_cast<size_t>(limits_.max_sequences));
}

void Scheduler::add(std::unique_ptr<Sequence> sequence) {
  insert_by_turn(waiting_, std::move(sequence));
}

Sequence* Scheduler::find(RequestId id) {
  for (const auto& sequence : running_) {
    if (sequence->id() == id) return sequence.get();
  }
  for (const auto& sequence : waiting_) {
    if (sequence->id() == id) return sequence.get();
  }
  return nullptr;
}

Load Scheduler::load() const {
  return {.waiting = waiting(),
          .running = static_cast<int32_t>(running_.size()),
          .pages = cache_.pages(),
          .page_size = cache_.page_size(),
          .pages_in_use = cache_.pages() - cache_.available()};
}

void Scheduler::finish_all(FinishReason reason) {
  for (const auto& sequence : running_) sequence->finish(reason);
  for (const auto& sequence : waiting_) sequence->finish(reason);
}

// Requests with the same instruction often arrive together. The second is better off one step later, when the
// pages of the instruction are there, than computing them once more beside the first.
Sequence* Scheduler::who_computes_its_beginning(const Sequence& next) const {
  if (next.bypasses_cache()) return nullptr;
  const auto wanted = next.tokens().first(next.tokens().size() - 1);
  const int32_t cached = cache_.cached_tokens(next.tokens(), next.prefix_owner());
  const auto found = std::ranges::find_if(running_, [&](const std::unique_ptr<Sequence>& other) {
    if (other->finished() || other->computed >= other->prompt_tokens()) return false;
    if (other->bypasses_cache()) return false;
    const kvcache::Owner everybody{kvcache::kEverybody, next.adapter()};
    if (other->prefix_owner() != next.prefix_owner() && other->prefix_owner() != everybody) return false;
    const auto common = std::ranges::mismatch(wanted, other->tokens()).in1 - wanted.begin();
    return common / cache_.page_size() * cache_.page_size() >= cached + cache_.page_size();
  });
  return found == running_.end() ? nullptr : found->get();
}

// Whoever is waited for gets the turn of the one that waits, lest others go before both.
void Scheduler::hurry(Sequence& sequence, Clock::time_point turn) {
  if (sequence.turn() <= turn) return;
  sequence.set_turn(turn);
  std::ranges::sort(running_, {}, [](const auto& other) { return std::pair(other->turn(), other->id()); });
}

bool Scheduler::give_memory(Sequence& next) {
  const auto reuse = next.bypasses_cache() ? kvcache::Reuse::kNothing : kvcache::Reuse::kPrefix;
  if (auto opened = cache_.open(next.tokens(), next.most_positions(), next.prefix_owner(), reuse)) {
    next.lease = std::move(opened->lease);
    next.computed = next.lease.cached_tokens();
    next.usage.cached_tokens = next.computed;
    if (opened->copy) plan_.copies.push_back(*opened->copy);
    return true;
  }
  if (!running_.empty()) return false;  // until one of those that run ends
  next.fail({ErrorCode::kTooLarge, "the request needs more KV memory than is not pinned; lower max_tokens"});
  return true;
}

void Scheduler::admit(Pace& pace) {
  plan_.copies.clear();
  for (auto next = waiting_.begin();
       next != waiting_.end() && static_cast<int32_t>(running_.size()) < limits_.max_sequences;) {
    if ((*next)->in_background() && !running_.empty()) return;  // one at a time, when nobody else is there
    if (Sequence* computing = who_computes_its_beginning(**next)) {
      hurry(*computing, (*next)->turn());
      ++next;  // others need not wait for that
      continue;
    }
    if (!give_memory(**next)) return;
    if (!(*next)->bypasses_cache()) pace.observe_prompt((*next)->prompt_tokens(), (*next)->computed);
    (*next)->admit();
    insert_by_turn(running_, std::move(*next));
    next = waiting_.erase(next);
  }
}

// As many as keep the step to its time, but some in any case.
int32_t Scheduler::prompt_rows(int32_t decoding) const {
  if (limits_.max_step_ms <= 0 || limits_.step_cost.empty()) return limits_.prefill_chunk;
  const bool alone = running_.size() == 1 && waiting_.empty() && !running_.front()->in_background();
  const double most_ms = limits_.max_step_ms * (alone ? kAlone : 1.0);
  int32_t rows = std::min(kLeastChunk, limits_.prefill_chunk);
  while (rows < limits_.prefill_chunk && step_cost_.of(decoding + rows + 1) <= most_ms) ++rows;
  return rows;
}

Plan& Scheduler::schedule() {
  plan_.shares.clear();
  rows_left_ = limits_.max_rows;
  answers_left_ = limits_.max_answer_rows;
  const auto give = [&](Share& share, int32_t count) {
    share.rows += count;
    rows_left_ -= count;
    if (share.rows < share.sequence->pending() || share.sequence->room() == 0) return;
    ++share.answers;
    --answers_left_;
  };
  for (const auto& sequence : running_) {
    Share& share = plan_.shares.emplace_back(Share{.sequence = sequence.get()});
    if (!sequence->finished() && sequence->pending() == 1) give(share, 1);
  }
  int32_t prompt_rows = this->prompt_rows(limits_.max_rows - rows_left_);
  for (Share& share : plan_.shares) {
    if (share.rows > 0 || share.sequence->finished()) continue;
    if (share.sequence->in_background() && rows_left_ < limits_.max_rows) break;  // all others are before it
    const int32_t count = std::min({share.sequence->pending(), prompt_rows, rows_left_});
    if (count == 0) break;
    give(share, count);
    prompt_rows -= count;
  }
  std::erase_if(plan_.shares, [](const Share& share) { return share.rows == 0; });
  for (const Share& share : plan_.shares) {
    cache_.grow(share.sequence->lease, share.sequence->computed + share.rows);
  }
  plan_.rows = limits_.max_rows - rows_left_;
  return plan_;
}

void Scheduler::add_guesses(Share& share) {
  Sequence& sequence = *share.sequence;
  drafting::Draft& draft = sequence.draft;
  draft.truncate(std::min(draft.size(), static_cast<size_t>(std::max(0, guesses_left()))));
  if (draft.empty()) return;
  const auto length = static_cast<int32_t>(sequence.tokens().size());
  sequence.branches.lay_out(draft, length, kMostBranches);
  cache_.grow(sequence.lease, length + sequence.branches.depth());
  sequence.branches.borrow(draft, sequence.lease.pages(), sequence.computed, cache_, plan_.copies);
  const auto guesses = static_cast<int32_t>(draft.size());
  share.rows += guesses;
  share.answers += guesses;
  plan_.rows += guesses;
  rows_left_ -= guesses;
  answers_left_ -= guesses;
}

void Scheduler::keep_path(Sequence& sequence, int32_t path) {
  sequence.branches.adopt(path, sequence.lease, cache_);
}

void Scheduler::drop_branches() {
  for (const Share& share : plan_.shares) share.sequence->branches.give_back(cache_);
}

void Scheduler::publish(Sequence& sequence) {
  cache_.publish(sequence.lease, computed_tokens(sequence));
}

void Scheduler::collect(std::vector<std::unique_ptr<Sequence>>& finished) {
  const auto take = [&](std::unique_ptr<Sequence>& sequence) {
    if (!sequence->finished()) return false;
    cache_.close(sequence->lease, computed_tokens(*sequence));
    finished.push_back(std::move(sequence));
    return true;
  };
  std::erase_if(running_, take);
  std::erase_if(waiting_, take);
}

}  // namespace riposte::engine
