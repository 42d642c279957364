// An executor whose pages have other numbers: what lay side by side lies anywhere.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/executor.h"

namespace riposte::apps {

// No answer may depend on which page of KV memory holds what, so all are the same as those of the executor
// itself, which must outlive this.
class ShuffledPages final : public model::Executor {
 public:
  ShuffledPages(model::Executor& executor, uint32_t seed);

  model::ExecutorLimits limits() const override { return executor_.limits(); }
  Result<model::StepResult> step(const model::StepBatch& batch) override;
  void copy_page(model::PageId from, model::PageId to, int32_t tokens) override;

 private:
  // Numbers that no page has stay as they are, for the executor to refuse.
  model::PageId moved(model::PageId page) const;

  model::Executor& executor_;
  std::vector<model::PageId> places_;  // [pages]
  std::vector<model::PageId> pages_;   // the tables of a step, one behind the other
  std::vector<std::span<const model::PageId>> tables_;
};

}  // namespace riposte::apps
