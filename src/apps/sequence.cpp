#include "apps/sequence.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace riposte::apps {

Sequence::Sequence(model::Executor& executor, model::AdapterId adapter)
    : executor_(executor), limits_(executor.limits()), adapter_(adapter), pages_(limits_.pages) {
  std::iota(pages_.begin(), pages_.end(), 0);
}

Result<void> Sequence::feed(std::span<const TokenId> tokens, model::RowOutput each, model::RowOutput last,
                            const std::function<void(const Answer&)>& on_answer) {
  const int64_t room = std::min<int64_t>(limits_.context_length, int64_t{limits_.pages} * limits_.page_size);
  if (length_ + static_cast<int64_t>(tokens.size()) > room) {
    return fail(ErrorCode::kTooLarge,
                "{} tokens are more than the {} that fit (model context {}, KV memory {}; see --context)",
                length_ + tokens.size(), room, limits_.context_length,
                int64_t{limits_.pages} * limits_.page_size);
  }
  const int32_t chunk =
      each == model::RowOutput::kNone ? limits_.max_rows : std::min(limits_.max_rows, limits_.max_logit_rows);
  while (!tokens.empty()) {
    const auto rows = static_cast<int32_t>(std::min<size_t>(tokens.size(), static_cast<size_t>(chunk)));
    positions_.resize(rows);
    std::iota(positions_.begin(), positions_.end(), length_);
    sequences_.assign(rows, 0);
    outputs_.assign(rows, each);
    if (rows == static_cast<int32_t>(tokens.size())) outputs_.back() = last;
    const auto used = static_cast<size_t>((length_ + rows + limits_.page_size - 1) / limits_.page_size);
    const std::array<std::span<const model::PageId>, 1> tables = {std::span(pages_).first(used)};
    const auto result = executor_.step(
        {tokens.first(rows), positions_, sequences_, outputs_, tables, {}, std::span(&adapter_, 1)});
    if (!result) return pass_on(result);
    for (int32_t row = 0; row < rows; ++row) {
      if (outputs_[row] != model::RowOutput::kNone && on_answer) {
        on_answer({positions_[row], result->argmax[row], result->logits[row]});
      }
    }
    length_ += rows;
    tokens = tokens.subspan(rows);
  }
  return {};
}

}  // namespace riposte::apps
