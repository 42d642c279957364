#include "drafting/request_drafter.h"

#include "drafting/history_drafter.h"
#include "drafting/merge.h"
#include "drafting/source_drafter.h"

namespace riposte::drafting {

RequestDrafter::RequestDrafter(const Vocabulary& vocabulary, const RequestDrafterOptions& options)
    : vocabulary_(vocabulary), model_(options.model) {
  if (options.spelling) spelling_.emplace(vocabulary);
  if (options.history_bytes > 0) history_ = std::make_unique<History>(options.history_bytes);
  const Spelling* spelling = spelling_ ? &*spelling_ : nullptr;
  own_.push_back(std::make_unique<SourceDrafter>(vocabulary, nullptr, SourceDrafter::Text::kPrediction));
  own_.push_back(
      std::make_unique<SourceDrafter>(vocabulary, spelling, SourceDrafter::Text::kSource, history_.get()));
  if (history_) own_.push_back(std::make_unique<HistoryDrafter>(*history_));
}

void RequestDrafter::propose(const DraftContext& context, Draft& draft) const {
  Draft one;
  const auto add = [&](const Drafter& drafter) {
    one.clear();
    drafter.propose(context, one);
    merge(one, draft);
  };
  for (const auto& drafter : own_) add(*drafter);
  if (model_ != nullptr) add(*model_);
}

void RequestDrafter::learn(const DraftContext& finished) const {
  if (history_ && finished.use_history)
    history_->learn(finished.owner, finished.source, finished.output, vocabulary_);
  if (model_ != nullptr) model_->learn(finished);
}

}  // namespace riposte::drafting
