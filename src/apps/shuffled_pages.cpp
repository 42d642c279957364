#include "apps/shuffled_pages.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace riposte::apps {

ShuffledPages::ShuffledPages(model::Executor& executor, uint32_t seed)
    : executor_(executor), places_(static_cast<size_t>(executor.limits().pages)) {
  std::iota(places_.begin(), places_.end(), 0);
  std::shuffle(places_.begin(), places_.end(), std::mt19937(seed));
}

model::PageId ShuffledPages::moved(model::PageId page) const {
  return page >= 0 && static_cast<size_t>(page) < places_.size() ? places_[static_cast<size_t>(page)] : page;
}

Result<model::StepResult> ShuffledPages::step(const model::StepBatch& batch) {
  pages_.clear();
  for (const auto& table : batch.page_tables) {
    for (const model::PageId page : table) pages_.push_back(moved(page));
  }
  tables_.clear();
  size_t begin = 0;
  for (const auto& table : batch.page_tables) {
    tables_.push_back(std::span(pages_).subspan(begin, table.size()));
    begin += table.size();
  }
  model::StepBatch shuffled = batch;
  shuffled.page_tables = tables_;
  return executor_.step(shuffled);
}

void ShuffledPages::copy_page(model::PageId from, model::PageId to, int32_t tokens) {
  executor_.copy_page(moved(from), moved(to), tokens);
}

}  // namespace riposte::apps
