#include "engine/step_loop.h"

#include <algorithm>
#include <exception>

namespace riposte::engine {
namespace {

SchedulerLimits scheduler_limits(const model::ExecutorLimits& limits, const EngineOptions& options) {
  return {.max_sequences = options.max_sequences,
          .prefill_chunk = options.prefill_chunk,
          .max_rows = limits.max_rows,
          .max_answer_rows = limits.max_logit_rows};
}

}  // namespace

StepLoop::StepLoop(model::Executor& executor, const TokenText& text, const EngineOptions& options)
    : executor_(executor),
      text_(text),
      drafter_(options.drafter),
      max_draft_(std::max(0, options.max_draft)),
      vocabulary_(executor.limits().vocabulary),
      scheduler_(scheduler_limits(executor.limits(), options), executor.limits().pages,
                 executor.limits().page_size) {}

void StepLoop::cancel(RequestId id) {
  if (Sequence* sequence = scheduler_.find(id)) sequence->finish(FinishReason::kCancelled);
}

void StepLoop::cancel_all() {
  scheduler_.finish_all(FinishReason::kCancelled);
  deliver();
}

void StepLoop::step() {
  deliver();  // what was cancelled takes no part in the step
  scheduler_.admit();
  propose_drafts();
  const Plan& plan = scheduler_.schedule();
  const Result<model::StepResult> result = run(plan);
  size_t row = 0;
  for (const Share& share : plan.shares) {
    if (result) {
      accept(share, row, *result);
    } else {
      share.sequence->fail(result.error());
    }
    row += static_cast<size_t>(share.rows);
  }
  deliver();
}

void StepLoop::propose_drafts() {
  if (drafter_ == nullptr) return;
  for (const auto& sequence : scheduler_.running()) {
    sequence->draft.clear();
    const int32_t most = std::min(max_draft_, sequence->room() - 1);
    if (most <= 0) continue;
    draft_.clear();
    drafter_->propose({.source = sequence->source(),
                       .output = sequence->output(),
                       .history = sequence->tokens(),
                       .most_tokens = most},
                      draft_);
    if (!drafting::is_valid(draft_, vocabulary_)) continue;
    drafting::first_chain(draft_, static_cast<size_t>(most), sequence->draft);
  }
}

Result<model::StepResult> StepLoop::run(const Plan& plan) {
  if (plan.shares.empty()) return model::StepResult{};
  const Clock::time_point now = Clock::now();
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
  const int32_t drafted = share.drafted();
  const bool prefill = sequence.computed < sequence.prompt_tokens();
  sequence.computed += share.rows - drafted;
  sequence.usage.drafted_tokens += drafted;
  row += static_cast<size_t>(share.rows - share.answers);
  for (int32_t i = 0; i < share.answers; ++i, ++row) {
    const sampling::RowAnswer answer{result.argmax[row], result.logits[row]};
    if (sequence.needs_logits() && answer.logits.size() != static_cast<size_t>(vocabulary_)) {
      sequence.fail({ErrorCode::kInternal, "the executor gave no logits for a row that asked for them"});
      return;
    }
    const TokenId token = sequence.choose(answer, workspace_);
    if (token < 0 || token >= vocabulary_) {
      sequence.fail({ErrorCode::kInternal, fmt::format("the executor answered with token {}", token)});
      return;
    }
    sequence.take(token, text_);
    sequence.note_logits(answer.logits);
    // A guess that equals the answer has its keys and values in place already; the rows after another are
    // worthless, and what they wrote is overwritten by the next step.
    if (i == drafted || sequence.draft[static_cast<size_t>(i)] != token) break;
    ++sequence.usage.accepted_tokens;
    if (sequence.finished()) break;
    ++sequence.computed;
  }
  if (sequence.pending() == 0)
    sequence.finish(FinishReason::kLength);  // max_tokens is 0 and the prompt computed
  if (prefill) scheduler_.publish(sequence);  // others wait for prompts; answers are kept when they end
}

void StepLoop::deliver() {
  scheduler_.collect(finished_);
  for (const auto& sequence : scheduler_.running()) sequence->deliver();
  for (const auto& sequence : finished_) sequence->deliver();
  finished_.clear();
}

}  // namespace riposte::engine
