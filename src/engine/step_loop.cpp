#include "engine/step_loop.h"

#include <algorithm>
#include <exception>
#include <tuple>

namespace riposte::engine {
namespace {

using Milliseconds = std::chrono::duration<double, std::milli>;

SchedulerLimits scheduler_limits(const model::ExecutorLimits& limits, const EngineOptions& options,
                                 std::span<const float> step_cost) {
  return {.max_sequences = options.max_sequences,
          .prefill_chunk = options.prefill_chunk,
          .max_rows = limits.max_rows,
          .max_answer_rows = limits.max_logit_rows,
          .max_step_ms = options.max_step_ms,
          .step_cost = step_cost};
}

}  // namespace

StepLoop::StepLoop(model::Executor& executor, const TokenText& text, const EngineOptions& options)
    : executor_(executor),
      text_(text),
      vocabulary_(executor.limits().vocabulary),
      context_length_(executor.limits().context_length),
      step_cost_(options.step_cost),
      now_(options.now),
      pace_(step_cost_),
      guesser_(options.drafter, options.step_cost, options.max_draft, vocabulary_),
      scheduler_(scheduler_limits(executor.limits(), options, step_cost_), executor.limits().pages,
                 executor.limits().page_size),
      pins_(executor, scheduler_.cache(), options.pins),
      rows_(executor.limits().page_size) {}

void StepLoop::begin() {
  for (std::vector<TokenId>& beginning : pins_.restore()) {
    // Whoever asks goes first; the id of nobody says what it is.
    Request request{.prompt = std::move(beginning), .max_tokens = 0};
    auto sequence = std::make_unique<Sequence>(std::move(request), Listener{}, context_length_, now_());
    sequence->set_turn(Clock::time_point::max());
    scheduler_.add(std::move(sequence));
  }
}

void StepLoop::add(std::unique_ptr<Sequence> sequence) {
  supersede(sequence->supersession());
  guesser_.begin(*sequence);
  scheduler_.add(std::move(sequence));
}

void StepLoop::cancel(RequestId id) {
  if (id == kNobody) return;
  if (Sequence* sequence = scheduler_.find(id)) sequence->finish(FinishReason::kCancelled);
}

void StepLoop::supersede(const Supersession& newer) {
  if (newer.key.empty()) return;
  scheduler_.for_each([&newer](Sequence& sequence) {
    if (sequence.is_superseded_by(newer)) sequence.fail(superseded_error());
  });
}

void StepLoop::end_what_is_late() {
  const Clock::time_point now = now_();
  scheduler_.for_each([now](Sequence& sequence) {
    if (sequence.is_late(now))
      sequence.fail({ErrorCode::kDeadline, "the deadline passed before the first token could be computed"});
  });
}

double StepLoop::work_left(const Sequence& sequence) const {
  if (!sequence.admitted()) return pace_.work_of(sequence.prompt_tokens(), sequence.expected_tokens());
  return pace_.prompt_work(std::max(0, sequence.prompt_tokens() - sequence.computed)) +
         pace_.answer_work(sequence.expected_tokens());
}

void StepLoop::refresh(Forecast& forecast) const {
  forecast.pace = pace_;
  forecast.others.clear();
  scheduler_.for_each([&](const Sequence& sequence) {
    forecast.others.push_back(
        {sequence.turn(), work_left(sequence), sequence.admitted(), sequence.deadline()});
  });
}

void StepLoop::cancel_all() {
  scheduler_.finish_all(FinishReason::kCancelled);
  deliver();
}

void StepLoop::step() {
  end_what_is_late();
  deliver();  // what has ended takes no part in the step
  scheduler_.admit(pace_);
  Plan& plan = scheduler_.schedule();
  guess(plan);
  // Rows of one adapter stand side by side: its matrices are then read once for all of them.
  std::ranges::sort(plan.shares, {}, [](const Share& share) {
    return std::tuple(share.sequence->adapter(), share.sequence->turn(), share.sequence->id());
  });
  const Clock::time_point start = now_();
  const Result<model::StepResult> result = run(plan, start);
  step_end_ = now_();
  step_work_ = 0;
  size_t row = 0;
  for (const Share& share : plan.shares) {
    if (result) {
      accept(share, row, *result);
    } else {
      share.sequence->fail(result.error());
    }
    row += static_cast<size_t>(share.rows);
  }
  if (result) pace_.observe_step(step_work_, Milliseconds(step_end_ - start).count());
  scheduler_.drop_branches();
  deliver();
}

void StepLoop::guess(Plan& plan) {
  StepSoFar step{.rows = plan.rows,
                 .answers = static_cast<int32_t>(std::ranges::count_if(
                     plan.shares, [](const Share& share) { return share.answers > 0; }))};
  for (Share& share : plan.shares) {
    if (share.answers == 0) continue;
    step.guesses_left = scheduler_.guesses_left();
    guesser_.guess(*share.sequence, step);
    scheduler_.add_guesses(share);
    step.rows = plan.rows;
  }
}

Result<model::StepResult> StepLoop::run(const Plan& plan, Clock::time_point now) {
  if (plan.shares.empty()) return model::StepResult{};
  ++totals_.steps;
  totals_.rows += plan.rows;
  for (const Share& share : plan.shares) share.sequence->start_pass(now);
  try {
    for (const kvcache::PageCopy& copy : plan.copies) executor_.copy_page(copy.from, copy.to, copy.tokens);
    const model::StepBatch batch = rows_.write(plan);
    Result<model::StepResult> result = executor_.step(batch);
    if (result &&
        (result->argmax.size() != batch.tokens.size() || result->logits.size() != batch.tokens.size())) {
      return fail(ErrorCode::kInternal, "the executor answered {} rows of {}", result->argmax.size(),
                  batch.tokens.size());
    }
    return result;
  } catch (const std::exception& exception) {
    // Who knows which copies were made: nobody who runs can go on.
    const Error error{ErrorCode::kInternal, fmt::format("the executor threw: {}", exception.what())};
    for (const auto& sequence : scheduler_.running()) sequence->fail(error);
    return tl::unexpected<Error>(error);
  }
}

void StepLoop::accept(const Share& share, size_t row, const model::StepResult& result) {
  Sequence& sequence = *share.sequence;
  const bool prefill = sequence.computed < sequence.prompt_tokens();
  const auto known = static_cast<size_t>(share.rows - share.drafted());
  if (prefill) step_work_ += pace_.prompt_work(static_cast<int32_t>(known));
  if (sequence.pool) pool(sequence, row, known, result);
  sequence.computed += static_cast<int32_t>(known);
  if (share.answers > 0) {
    if (share.drafted() > 0) sequence.count_draft();
    follow(sequence, row + known - 1, share.drafted(), result);
    guesser_.observe(sequence, produced_);
    step_work_ += pace_.answer_work(static_cast<int32_t>(produced_.size()));
  }
  if (sequence.pending() == 0)
    sequence.finish(FinishReason::kLength);   // max_tokens is 0 and the prompt computed
  if (prefill) scheduler_.publish(sequence);  // others wait for prompts; answers are kept when they end
}

// The hidden states of a prompt's next tokens, whose first row is row `row` of the step.
void StepLoop::pool(Sequence& sequence, size_t row, size_t rows, const model::StepResult& result) {
  for (size_t i = 0; i < rows; ++i) {
    if (!sequence.needs_hidden(sequence.computed + static_cast<int32_t>(i))) continue;
    if (row + i >= result.hidden.size() || result.hidden[row + i].empty()) {
      return sequence.fail(
          {ErrorCode::kInternal, "the executor gave no hidden state for a row that asked for it"});
    }
    sequence.pool->add(result.hidden[row + i]);
  }
}

// From the row of the last token along the guesses that are what the request would have produced.
void StepLoop::follow(Sequence& sequence, size_t root, int32_t drafted, const model::StepResult& result) {
  produced_.clear();
  int32_t reached = drafting::Draft::kNoParent;  // the guess that was the last token; before any, the root
  while (true) {
    const size_t row = root + static_cast<size_t>(reached + 1);
    const sampling::RowAnswer answer{result.argmax[row], result.logits[row]};
    if (sequence.needs_logits() && answer.logits.size() != static_cast<size_t>(vocabulary_)) {
      return sequence.fail(
          {ErrorCode::kInternal, "the executor gave no logits for a row that asked for them"});
    }
    const TokenId token = sequence.choose(answer, workspace_);
    if (sequence.finished()) return;
    if (token < 0 || token >= vocabulary_) {
      return sequence.fail({ErrorCode::kInternal, fmt::format("the executor answered with token {}", token)});
    }
    produced_.push_back(token);
    // A guess that equals the answer has its keys and values in place already; what the others wrote is
    // overwritten by the next step, or lies in a branch that is given back.
    const int32_t guess =
        drafted > 0 ? drafting::find_child(sequence.draft, reached, token) : drafting::Draft::kNoParent;
    sequence.take(token, guess, text_, step_end_);
    sequence.note_logits(answer.logits);
    if (guess == drafting::Draft::kNoParent || sequence.finished()) break;
    reached = guess;
    ++sequence.computed;
  }
  if (drafted > 0) overhear(sequence, root, reached, result);
  if (reached != drafting::Draft::kNoParent) scheduler_.keep_path(sequence, sequence.branches.path(reached));
}

// What the model said behind guesses that are not on the way to `reached`.
void StepLoop::overhear(Sequence& sequence, size_t root, int32_t reached, const model::StepResult& result) {
  if (sequence.finished()) return;
  const drafting::Draft& draft = sequence.draft;
  for (auto guess = static_cast<int32_t>(draft.size()) - 1; guess >= 0; --guess) {
    const auto at = static_cast<size_t>(guess);
    if (guess == reached) {
      reached = draft.parents[at];
      continue;
    }
    const size_t row = root + at + 1;
    const bool knows_all = !result.logits[row].empty();
    const TokenId answer = knows_all ? sampling::argmax(result.logits[row]) : result.argmax[row];
    if (answer >= 0 && answer < vocabulary_) sequence.overhear(guess, answer);
  }
}

void StepLoop::deliver() {
  const Clock::time_point now = now_();
  scheduler_.collect(finished_);
  for (const auto& sequence : scheduler_.running()) sequence->deliver(now);
  for (const auto& sequence : finished_) {
    if (sequence->id() == kNobody) {
      pins_.computed(sequence->tokens());
      continue;
    }
    totals_.add(sequence->usage_so_far());
    guesser_.end(*sequence);
    sequence->deliver(now);
  }
  finished_.clear();
}

}  // namespace riposte::engine
