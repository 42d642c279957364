// What an answer said before, it may say again.
#pragma once

#include "drafting/drafter.h"
#include "drafting/history.h"

namespace riposte::drafting {

// Proposes what followed the answer's last tokens in earlier answers of the same owner, as a chain.
class HistoryDrafter final : public Drafter {
 public:
  explicit HistoryDrafter(const History& history) : history_(history) {}
  void propose(const DraftContext& context, Draft& draft) const override;

 private:
  const History& history_;
};

}  // namespace riposte::drafting
