#include "kvcache/prefix_tree.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace riposte::kvcache {
namespace {

int32_t common_length(std::span<const TokenId> a, std::span<const TokenId> b) {
  return static_cast<int32_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

bool begins_with(std::span<const TokenId> text, std::span<const TokenId> beginning) {
  return common_length(text, beginning) == static_cast<int32_t>(beginning.size());
}

}  // namespace

PrefixTree::PrefixTree(int32_t capacity, int32_t page_size)
    : capacity_(capacity),
      page_size_(page_size),
      nodes_(index(capacity) + 1),
      tokens_((index(capacity) + 1) * index(page_size)) {
  unused_.reserve(index(capacity));
  for (NodeId node = capacity; node > kRoot; --node) unused_.push_back(node);
}

std::span<const TokenId> PrefixTree::tokens(NodeId node) const {
  return {tokens_.data() + index(node) * index(page_size_), index(nodes_[index(node)].length)};
}

size_t PrefixTree::place(const Node& parent, std::span<const TokenId> text, Owner owner) const {
  const auto before = [this, owner](NodeId child, std::span<const TokenId> wanted) {
    if (nodes_[index(child)].owner != owner) return nodes_[index(child)].owner < owner;
    return std::ranges::lexicographical_compare(tokens(child), wanted);
  };
  return static_cast<size_t>(std::lower_bound(parent.children.begin(), parent.children.end(), text, before) -
                             parent.children.begin());
}

PrefixTree::Match PrefixTree::best_child(NodeId parent, std::span<const TokenId> text, Owner owner) const {
  text = text.first(std::min(text.size(), index(page_size_)));
  const std::vector<NodeId>& children = nodes_[index(parent)].children;
  const size_t at = place(nodes_[index(parent)], text, owner);
  Match best;
  for (size_t i = at == 0 ? 0 : at - 1; i <= at && i < children.size(); ++i) {
    if (nodes_[index(children[i])].owner != owner) continue;
    const int32_t agreed = common_length(tokens(children[i]), text);
    if (agreed > best.tokens) best = {children[i], agreed};
  }
  return best;
}

NodeId PrefixTree::add(NodeId parent, std::span<const TokenId> tokens, PageId page, Owner owner) {
  RIPOSTE_CHECK(!unused_.empty() && !tokens.empty() && tokens.size() <= index(page_size_));
  const NodeId id = unused_.back();
  unused_.pop_back();
  Node& node = nodes_[index(id)];
  node.parent = parent;
  node.page = page;
  node.owner = owner;
  write_tokens(id, tokens);
  Node& above = nodes_[index(parent)];
  above.children.insert(above.children.begin() + static_cast<ptrdiff_t>(place(above, tokens, owner)), id);
  append_to_list(id);
  return id;
}

PageId PrefixTree::extend(NodeId leaf, std::span<const TokenId> tokens, PageId page) {
  Node& node = nodes_[index(leaf)];
  RIPOSTE_CHECK(node.children.empty() && tokens.size() <= index(page_size_));
  RIPOSTE_CHECK(begins_with(tokens, this->tokens(leaf)));
  // No sibling begins with the leaf's old tokens, so its place among them stays.
  write_tokens(leaf, tokens);
  return std::exchange(node.page, page);
}

void PrefixTree::hold(NodeId node) {
  if (nodes_[index(node)].holds++ == 0) remove_from_list(node);
}

void PrefixTree::release(NodeId node) {
  RIPOSTE_CHECK(nodes_[index(node)].holds > 0);
  if (--nodes_[index(node)].holds == 0) append_to_list(node);
}

void PrefixTree::hold_path(NodeId node) {
  for (; node != kRoot; node = nodes_[index(node)].parent) hold(node);
}

void PrefixTree::release_path(NodeId node) {
  for (; node != kRoot; node = nodes_[index(node)].parent) release(node);
}

std::optional<PageId> PrefixTree::evict() {
  if (first_ == kNoNode) return std::nullopt;
  const NodeId id = first_;
  Node& node = nodes_[index(id)];
  RIPOSTE_CHECK(node.children.empty());
  Node& above = nodes_[index(node.parent)];
  above.children.erase(above.children.begin() + static_cast<ptrdiff_t>(place(above, tokens(id), node.owner)));
  remove_from_list(id);
  unused_.push_back(id);
  return node.page;
}

void PrefixTree::write_tokens(NodeId node, std::span<const TokenId> tokens) {
  std::ranges::copy(tokens, tokens_.begin() + static_cast<ptrdiff_t>(index(node) * index(page_size_)));
  nodes_[index(node)].length = static_cast<int32_t>(tokens.size());
}

void PrefixTree::append_to_list(NodeId node) {
  nodes_[index(node)].previous = last_;
  nodes_[index(node)].next = kNoNode;
  (last_ == kNoNode ? first_ : nodes_[index(last_)].next) = node;
  last_ = node;
  ++evictable_;
}

void PrefixTree::remove_from_list(NodeId node) {
  const auto [previous, next] = std::pair(nodes_[index(node)].previous, nodes_[index(node)].next);
  (previous == kNoNode ? first_ : nodes_[index(previous)].next) = next;
  (next == kNoNode ? last_ : nodes_[index(next)].previous) = previous;
  --evictable_;
}

}  // namespace riposte::kvcache
