#include "executor/validate.h"

#include <algorithm>

namespace riposte::executor {
namespace {

bool in_range(int32_t value, int64_t end) {
  return value >= 0 && value < end;
}

model::AdapterId adapter_of(const model::StepBatch& batch, int32_t sequence) {
  return batch.adapters.empty() ? model::kNoAdapter : batch.adapters[static_cast<size_t>(sequence)];
}

}  // namespace

StepValidator::StepValidator(const model::ExecutorLimits& limits)
    : limits_(limits), writers_(static_cast<size_t>(limits.pages)) {}

Result<void> StepValidator::check(const model::StepBatch& batch) {
  ++step_;
  if (const Result<void> counts = check_counts(batch); !counts) return counts;
  if (spans_.size() < batch.page_tables.size()) spans_.resize(batch.page_tables.size());
  for (size_t row = 0; row < batch.tokens.size(); ++row) {
    if (const Result<void> valid = check_row(batch, row); !valid) return valid;
  }
  const auto sequences = static_cast<int32_t>(batch.page_tables.size());
  for (int32_t sequence = 0; sequence < sequences; ++sequence) {
    if (spans_[static_cast<size_t>(sequence)].step != step_) continue;  // no row of it in this step
    if (const Result<void> claimed = claim_pages(batch, sequence); !claimed) return claimed;
  }
  for (int32_t sequence = 0; sequence < sequences; ++sequence) {
    if (spans_[static_cast<size_t>(sequence)].step != step_) continue;
    if (const Result<void> shared = check_shared_pages(batch, sequence); !shared) return shared;
  }
  return {};
}

Result<void> StepValidator::check_counts(const model::StepBatch& batch) const {
  const size_t rows = batch.tokens.size();
  if (batch.positions.size() != rows || batch.sequences.size() != rows || batch.outputs.size() != rows) {
    return fail(ErrorCode::kInvalidArgument,
                "a step of {} tokens has {} positions, {} sequences and {} outputs", rows,
                batch.positions.size(), batch.sequences.size(), batch.outputs.size());
  }
  if (!batch.also_in.empty() && batch.also_in.size() != rows) {
    return fail(ErrorCode::kInvalidArgument, "a step of {} tokens says of {} where else they belong", rows,
                batch.also_in.size());
  }
  if (rows > static_cast<size_t>(limits_.max_rows)) {
    return fail(ErrorCode::kInvalidArgument, "a step of {} rows; this executor takes at most {}", rows,
                limits_.max_rows);
  }
  const auto answers = std::count_if(batch.outputs.begin(), batch.outputs.end(), [](model::RowOutput output) {
    return output == model::RowOutput::kArgmax || output == model::RowOutput::kLogits;
  });
  if (answers > limits_.max_logit_rows) {
    return fail(ErrorCode::kInvalidArgument,
                "{} rows of a step ask for an answer; this executor gives at most {}", answers,
                limits_.max_logit_rows);
  }
  if (!batch.adapters.empty() && batch.adapters.size() != batch.page_tables.size()) {
    return fail(ErrorCode::kInvalidArgument, "a step of {} sequences names the adapters of {}",
                batch.page_tables.size(), batch.adapters.size());
  }
  const auto unknown = std::ranges::find_if(batch.adapters, [this](model::AdapterId adapter) {
    return !in_range(adapter, int64_t{limits_.adapters} + 1);
  });
  if (unknown != batch.adapters.end()) {
    return fail(ErrorCode::kInvalidArgument, "sequence {}: adapter {} does not exist; there are {}",
                unknown - batch.adapters.begin(), *unknown, limits_.adapters);
  }
  if (batch.page_tables.size() > static_cast<size_t>(INT32_MAX)) {
    return fail(ErrorCode::kInvalidArgument, "{} page tables are more than a step can number",
                batch.page_tables.size());
  }
  return {};
}

Result<void> StepValidator::check_row(const model::StepBatch& batch, size_t row) {
  const TokenId token = batch.tokens[row];
  const int32_t position = batch.positions[row];
  if (!in_range(token, limits_.vocabulary)) {
    return fail(ErrorCode::kInvalidArgument, "row {}: token {} is not in the vocabulary of {}", row, token,
                limits_.vocabulary);
  }
  if (!in_range(position, limits_.context_length)) {
    return fail(ErrorCode::kInvalidArgument, "row {}: position {} is outside the context of {} tokens", row,
                position, limits_.context_length);
  }
  if (batch.outputs[row] > (limits_.hidden > 0 ? model::RowOutput::kHidden : model::RowOutput::kLogits)) {
    return fail(ErrorCode::kInvalidArgument, "row {}: {} is no kind of output", row,
                static_cast<int>(batch.outputs[row]));
  }
  if (auto taken = take_position(batch, row, batch.sequences[row]); !taken) return taken;
  if (batch.also_in.empty()) return {};
  for (const int32_t sequence : batch.also_in[row]) {
    if (auto taken = take_position(batch, row, sequence); !taken) return taken;
    if (adapter_of(batch, sequence) != adapter_of(batch, batch.sequences[row])) {
      return fail(ErrorCode::kInvalidArgument, "row {}: sequences {} and {} share it, but not their adapter", row,
                  batch.sequences[row], sequence);
    }
  }
  return {};
}

// The row is the next one of the sequence.
Result<void> StepValidator::take_position(const model::StepBatch& batch, size_t row, int32_t sequence) {
  const int32_t position = batch.positions[row];
  if (!in_range(sequence, static_cast<int64_t>(batch.page_tables.size()))) {
    return fail(ErrorCode::kInvalidArgument, "row {}: sequence {} has no page table; there are {}", row,
                sequence, batch.page_tables.size());
  }
  Span& span = spans_[static_cast<size_t>(sequence)];
  if (span.step != step_) {
    span = {step_, position, position};
    return {};
  }
  if (position != span.last + 1) {
    return fail(ErrorCode::kInvalidArgument, "row {}: position {} of sequence {} follows position {}", row,
                position, sequence, span.last);
  }
  span.last = position;
  return {};
}

Result<void> StepValidator::claim_pages(const model::StepBatch& batch, int32_t sequence) {
  const Span& span = spans_[static_cast<size_t>(sequence)];
  const std::span<const model::PageId> table = batch.page_tables[static_cast<size_t>(sequence)];
  const size_t needed = static_cast<size_t>(span.last / limits_.page_size) + 1;
  if (table.size() < needed) {
    return fail(ErrorCode::kInvalidArgument, "sequence {}: position {} needs {} pages, its table has {}",
                sequence, span.last, needed, table.size());
  }
  const auto first_written = static_cast<size_t>(span.first / limits_.page_size);
  for (size_t index = 0; index < needed; ++index) {
    const model::PageId page = table[index];
    if (!in_range(page, limits_.pages)) {
      return fail(ErrorCode::kInvalidArgument, "sequence {}: page {} does not exist; there are {}", sequence,
                  page, limits_.pages);
    }
    if (index < first_written) continue;
    Writer& writer = writers_[static_cast<size_t>(page)];
    if (writer.step == step_) {
      return fail(ErrorCode::kInvalidArgument, "sequences {} and {}: both would write page {} in one step",
                  writer.sequence, sequence, page);
    }
    writer = {step_, sequence};
  }
  return {};
}

Result<void> StepValidator::check_shared_pages(const model::StepBatch& batch, int32_t sequence) const {
  const std::span<const model::PageId> table = batch.page_tables[static_cast<size_t>(sequence)];
  const auto first_written =
      static_cast<size_t>(spans_[static_cast<size_t>(sequence)].first / limits_.page_size);
  for (size_t index = 0; index < first_written; ++index) {
    const Writer& writer = writers_[static_cast<size_t>(table[index])];
    if (writer.step != step_) continue;
    const auto other = static_cast<size_t>(writer.sequence);
    const bool same_place = writer.sequence != sequence && index < batch.page_tables[other].size() &&
                            batch.page_tables[other][index] == table[index] &&
                            adapter_of(batch, writer.sequence) == adapter_of(batch, sequence);
    const auto filled = static_cast<size_t>(spans_[other].last + 1) / static_cast<size_t>(limits_.page_size);
    if (!same_place || filled <= index) {
      return fail(ErrorCode::kInvalidArgument,
                  "sequence {} reads page {}, which sequence {} writes in the same step", sequence,
                  table[index], writer.sequence);
    }
  }
  return {};
}

}  // namespace riposte::executor
