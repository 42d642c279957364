#include "engine/step_rows.h"

#include <algorithm>

namespace riposte::engine {
namespace {

int32_t count(size_t size) {
  return static_cast<int32_t>(size);
}

}  // namespace

model::StepBatch StepRows::write(const Plan& plan) {
  tokens_.clear();
  positions_.clear();
  sequences_.clear();
  outputs_.clear();
  page_tables_.clear();
  adapters_.clear();
  shared_.clear();
  for (const Share& share : plan.shares) write_share(share);
  gather_shared_rows();
  return {tokens_, positions_, sequences_, outputs_, page_tables_, also_in_, adapters_};
}

void StepRows::write_share(const Share& share) {
  const Sequence& sequence = *share.sequence;
  const auto answer = sequence.needs_logits() ? model::RowOutput::kLogits : model::RowOutput::kArgmax;
  const int32_t trunk = count(page_tables_.size());
  const int32_t first_row = count(tokens_.size());
  const int32_t known = share.rows - share.drafted();
  for (int32_t row = 0; row < known; ++row) {
    const int32_t position = sequence.computed + row;
    const bool answered = share.answers > 0 && row == known - 1;
    const auto otherwise = sequence.needs_hidden(position) ? model::RowOutput::kHidden : model::RowOutput::kNone;
    add(sequence.tokens()[static_cast<size_t>(position)], position, trunk, answered ? answer : otherwise);
  }
  for (int32_t guess = 0; guess < share.drafted(); ++guess) {
    add(sequence.draft.tokens[static_cast<size_t>(guess)], sequence.branches.position(guess),
        trunk + sequence.branches.path(guess), answer);
  }
  page_tables_.push_back(sequence.lease.pages());
  if (share.drafted() > 0) {
    for (const Branch& branch : sequence.branches.all()) page_tables_.push_back(branch.pages);
    share_rows(share, first_row, trunk);
  }
  adapters_.resize(page_tables_.size(), sequence.adapter());
}

void StepRows::add(TokenId token, int32_t position, int32_t table, model::RowOutput output) {
  tokens_.push_back(token);
  positions_.push_back(position);
  sequences_.push_back(table);
  outputs_.push_back(output);
}

// Which rows lie in the pages of a branch, but are not its own: the end of what is known, and the guesses
// from which it comes.
void StepRows::share_rows(const Share& share, int32_t first_row, int32_t trunk) {
  const Sequence& sequence = *share.sequence;
  const int32_t known = share.rows - share.drafted();
  int32_t table = trunk;
  for (const Branch& branch : sequence.branches.all()) {
    ++table;
    const int32_t begin = branch.first_page * page_size_;
    for (int32_t row = std::max(0, begin - sequence.computed); row < known; ++row) {
      shared_.emplace_back(first_row + row, table);
    }
    const std::vector<int32_t>& parents = sequence.draft.parents;
    for (int32_t guess = parents[static_cast<size_t>(branch.first_guess)];
         guess != drafting::Draft::kNoParent && sequence.branches.position(guess) >= begin;
         guess = parents[static_cast<size_t>(guess)]) {
      shared_.emplace_back(first_row + known + guess, table);
    }
  }
}

void StepRows::gather_shared_rows() {
  also_in_.clear();
  also_tables_.clear();
  if (shared_.empty()) return;
  std::ranges::sort(shared_);
  for (const auto& [row, table] : shared_) also_tables_.push_back(table);
  also_in_.resize(tokens_.size());
  for (size_t begin = 0, end = 0; begin < shared_.size(); begin = end) {
    const int32_t row = shared_[begin].first;
    while (end < shared_.size() && shared_[end].first == row) ++end;
    also_in_[static_cast<size_t>(row)] = std::span(also_tables_).subspan(begin, end - begin);
  }
}

}  // namespace riposte::engine
