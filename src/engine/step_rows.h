// A plan written out as the flat arrays that an executor takes.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/scheduler.h"
#include "model/executor.h"

namespace riposte::engine {

class StepRows {
 public:
  explicit StepRows(int32_t page_size) : page_size_(page_size) {}

  // The batch views this object and the sequences' page tables; it is valid until the next call.
  model::StepBatch write(const Plan& plan);

 private:
  void write_share(const Share& share);
  void add(TokenId token, int32_t position, int32_t table, model::RowOutput output);
  void share_rows(const Share& share, int32_t first_row, int32_t trunk);
  void gather_shared_rows();

  int32_t page_size_;
  std::vector<TokenId> tokens_;
  std::vector<int32_t> positions_;
  std::vector<int32_t> sequences_;
  std::vector<model::RowOutput> outputs_;
  std::vector<std::span<const model::PageId>> page_tables_;
  std::vector<model::AdapterId> adapters_;           // [page_tables_]
  std::vector<std::pair<int32_t, int32_t>> shared_;  // a row, and a further table that it is written into
  std::vector<int32_t> also_tables_;                 // the tables of shared_, by row
  std::vector<std::span<const int32_t>> also_in_;    // [rows], or empty
};

}  // namespace riposte::engine
