#include "drafting/model_drafter.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <numeric>
#include <vector>

namespace riposte::drafting {

struct ModelDrafter::State {
  State(model::Executor& its_executor, const ModelDrafterOptions& its_options)
      : executor(its_executor), options(its_options), limits(its_executor.limits()) {
    table.resize(static_cast<size_t>(std::max(0, limits.pages)));
    std::iota(table.begin(), table.end(), 0);
  }

  int64_t most_positions() const {
    return std::min(int64_t{limits.context_length}, int64_t{limits.pages} * limits.page_size);
  }

  // Computes `tokens` behind those that are computed, and returns what the model would write behind the last
  // of them; kNoToken if it cannot.
  TokenId feed(std::span<const TokenId> tokens) {
    TokenId next = kNoToken;
    while (!tokens.empty()) {
      const size_t rows = std::min(tokens.size(), static_cast<size_t>(std::max(1, limits.max_rows)));
      positions.resize(rows);
      std::iota(positions.begin(), positions.end(), static_cast<int32_t>(computed.size()));
      sequences.assign(rows, 0);
      outputs.assign(rows, model::RowOutput::kNone);
      if (rows == tokens.size()) outputs.back() = model::RowOutput::kArgmax;
      const std::array<std::span<const model::PageId>, 1> tables = {table};
      const auto result = executor.step({.tokens = tokens.first(rows),
                                         .positions = positions,
                                         .sequences = sequences,
                                         .outputs = outputs,
                                         .page_tables = tables});
      if (!result || result->argmax.size() != rows) {
        computed.clear();  // who knows what was written
        return kNoToken;
      }
      next = result->argmax.back();
      computed.insert(computed.end(), tokens.begin(), tokens.begin() + static_cast<ptrdiff_t>(rows));
      tokens = tokens.subspan(rows);
    }
    return next;
  }

  model::Executor& executor;
  const ModelDrafterOptions options;
  const model::ExecutorLimits limits;
  std::mutex mutex;
  std::vector<TokenId> computed;     // whose keys and values lie in the pages, from the first on
  std::vector<model::PageId> table;  // all pages
  std::vector<int32_t> positions, sequences;
  std::vector<model::RowOutput> outputs;
};

ModelDrafter::ModelDrafter(model::Executor& executor, const ModelDrafterOptions& options)
    : state_(std::make_unique<State>(executor, options)) {}
ModelDrafter::~ModelDrafter() = default;

void ModelDrafter::propose(const DraftContext& context, Draft& draft) const {
  State& state = *state_;
  const std::span<const TokenId> known = context.history;
  const int32_t most = std::min({state.options.most_guesses, context.most_tokens, kMostGuesses});
  const auto is_foreign = [&](TokenId token) { return token < 0 || token >= state.limits.vocabulary; };
  if (known.empty() || most <= 0 || static_cast<int64_t>(known.size()) > state.most_positions() ||
      std::ranges::any_of(known, is_foreign)) {
    return;
  }
  float chance = state.options.chance;
  if (context.acceptance != nullptr) chance = context.acceptance->corrected(Origin::kModel, chance);
  chance = std::clamp(chance, 1e-4f, 1.0f);

  const std::lock_guard lock(state.mutex);
  // The last token is computed again if need be: its row has the answer.
  const auto common = std::ranges::mismatch(known, state.computed).in1 - known.begin();
  state.computed.resize(std::min(static_cast<size_t>(common), known.size() - 1));
  TokenId next = state.feed(known.subspan(state.computed.size()));
  for (int32_t parent = Draft::kNoParent; !is_foreign(next);) {
    parent = draft.add(next, parent, chance, Origin::kModel);
    if (parent + 1 == most || static_cast<int64_t>(state.computed.size()) == state.most_positions()) return;
    next = state.feed(std::span(&next, 1));
  }
}

}  // namespace riposte::drafting
