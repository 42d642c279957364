#include "drafting/draft.h"

namespace riposte::drafting {

void Draft::clear() {
  tokens.clear();
  parents.clear();
  chances.clear();
  origins.clear();
}

int32_t Draft::add(TokenId token, int32_t parent, float chance, Origin origin) {
  tokens.push_back(token);
  parents.push_back(parent);
  chances.push_back(chance);
  origins.push_back(origin);
  return static_cast<int32_t>(tokens.size()) - 1;
}

void Draft::truncate(size_t size) {
  tokens.resize(size);
  parents.resize(size);
  chances.resize(size);
  origins.resize(size);
}

void Draft::assign_chain(std::span<const TokenId> chain) {
  clear();
  int32_t last = kNoParent;
  for (const TokenId token : chain) last = add(token, last);
}

bool is_valid(const Draft& draft, int32_t vocabulary) {
  const size_t size = draft.size();
  if (size > static_cast<size_t>(kMostGuesses)) return false;
  if (draft.parents.size() != size || draft.chances.size() != size || draft.origins.size() != size)
    return false;
  for (size_t i = 0; i < size; ++i) {
    if (draft.tokens[i] < 0 || draft.tokens[i] >= vocabulary) return false;
    if (draft.parents[i] < Draft::kNoParent || draft.parents[i] >= static_cast<int64_t>(i)) return false;
    if (!(draft.chances[i] > 0.0f && draft.chances[i] <= 1.0f)) return false;  // not a number neither
    if (static_cast<size_t>(draft.origins[i]) >= kOrigins) return false;
    if (find_child(draft, draft.parents[i], draft.tokens[i]) != static_cast<int64_t>(i)) return false;
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

int32_t find_child(const Draft& draft, int32_t parent, TokenId token) {
  for (size_t i = 0; i < draft.size(); ++i) {
    if (draft.parents[i] == parent && draft.tokens[i] == token) return static_cast<int32_t>(i);
  }
  return Draft::kNoParent;
}

}  // namespace riposte::drafting
