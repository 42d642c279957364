// All that is known of a request, in one draft.
#pragma once

#include <memory>
#include <optional>

#include "drafting/drafter.h"
#include "drafting/history.h"
#include "drafting/spelling.h"
#include "drafting/vocabulary.h"

namespace riposte::drafting {

struct RequestDrafterOptions {
  bool spelling = true;                           // guess corrected spellings
  size_t history_bytes = History::kDefaultBytes;  // 0: nothing is learned from one request for another
  const Drafter* model = nullptr;  // a drafter that asks a smaller model; must outlive this one
};

// Prediction, source, history and model, merged in this order (merge.h). What an engine is given.
class RequestDrafter final : public Drafter {
 public:
  // The vocabulary must outlive it.
  explicit RequestDrafter(const Vocabulary& vocabulary, const RequestDrafterOptions& options = {});
  void propose(const DraftContext& context, Draft& draft) const override;
  void learn(const DraftContext& finished) const override;

  const History* history() const { return history_.get(); }  // null: none

 private:
  const Vocabulary& vocabulary_;
  std::optional<Spelling> spelling_;
  std::unique_ptr<History> history_;
  std::vector<std::unique_ptr<const Drafter>> own_;  // in the order of their precedence
  const Drafter* model_;
};

}  // namespace riposte::drafting
