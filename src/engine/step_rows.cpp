#include "engine/step_rows.h"

namespace riposte::engine {

model::StepBatch StepRows::write(const Plan& plan) {
  tokens_.clear();
  positions_.clear();
  sequences_.clear();
  outputs_.clear();
  page_tables_.clear();
  for (const Share& share : plan.shares) {
    const Sequence& sequence = *share.sequence;
    const auto answer = sequence.needs_logits() ? model::RowOutput::kLogits : model::RowOutput::kArgmax;
    for (int32_t row = 0; row < share.rows; ++row) {
      const auto position = static_cast<size_t>(sequence.computed + row);
      const size_t known = sequence.tokens().size();
      tokens_.push_back(position < known ? sequence.tokens()[position] : sequence.draft[position - known]);
      positions_.push_back(sequence.computed + row);
      sequences_.push_back(static_cast<int32_t>(page_tables_.size()));
      outputs_.push_back(row < share.rows - share.answers ? model::RowOutput::kNone : answer);
    }
    page_tables_.push_back(sequence.lease.pages());
  }
  return {tokens_, positions_, sequences_, outputs_, page_tables_};
}

}  // namespace riposte::engine
