// A plan written out as the flat arrays that an executor takes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/scheduler.h"
#include "model/executor.h"

namespace riposte::engine {

class StepRows {
 public:
  // The batch views this object and the sequences' page tables; it is valid until the next call.
  model::StepBatch write(const Plan& plan);

 private:
  std::vector<TokenId> tokens_;
  std::vector<int32_t> positions_;
  std::vector<int32_t> sequences_;
  std::vector<model::RowOutput> outputs_;
  std::vector<std::span<const model::PageId>> page_tables_;
};

}  // namespace riposte::engine
