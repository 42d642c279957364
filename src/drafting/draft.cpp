#include "drafting/draft.h"

namespace riposte::drafting {

void Draft::clear() {
  tokens.clear();
  parents.clear();
}

int32_t Draft::add(TokenId token, int32_t parent) {
  tokens.push_back(token);
  parents.push_back(parent);
  return static_cast<int32_t>(tokens.size()) - 1;
}

void Draft::assign_chain(std::span<const TokenId> chain) {
  clear();
  int32_t last = kNoParent;
  for (const TokenId token : chain) last = add(token, last);
}

bool is_valid(const Draft& draft, int32_t vocabulary) {
  if (draft.tokens.size() != draft.parents.size()) return false;
  for (size_t i = 0; i < draft.size(); ++i) {
    if (draft.tokens[i] < 0 || draft.tokens[i] >= vocabulary) return false;
    if (draft.parents[i] < Draft::kNoParent || draft.parents[i] >= static_cast<int64_t>(i)) return false;
  }
  return true;
}

void first_chain(const Draft& draft, size_t most, std::vector<TokenId>& chain) {
  chain.clear();
  int32_t last = Draft::kNoParent;
  for (size_t i = 0; i < draft.size() && chain.size() < most; ++i) {
    if (draft.parents[i] != last) continue;
    chain.push_back(draft.tokens[i]);
    last = static_cast<int32_t>(i);
  }
}

}  // namespace riposte::drafting
