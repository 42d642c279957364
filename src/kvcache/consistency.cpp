// The invariants of prefix_tree.h and page_cache.h, written out as checks that tests run after every
// operation.
#include <fmt/format.h>

#include <algorithm>

#include "kvcache/page_cache.h"

namespace riposte::kvcache {

std::optional<std::string> PrefixTree::find_inconsistency(std::vector<PageId>& pages) const {
  std::vector<int32_t> place_in_list(nodes_.size(), -1);
  int32_t listed = 0;
  for (NodeId node = first_, previous = kNoNode; node != kNoNode;
       previous = node, node = nodes_[index(node)].next) {
    if (nodes_[index(node)].previous != previous)
      return fmt::format("node {}: the list is not linked back", node);
    if (place_in_list[index(node)] >= 0) return fmt::format("node {} is in the list twice", node);
    if (nodes_[index(node)].holds != 0) return fmt::format("node {} is held and in the list", node);
    place_in_list[index(node)] = listed++;
  }
  if (listed != evictable_) return fmt::format("{} nodes in the list, {} counted", listed, evictable_);

  size_t reached = 0;
  std::vector<NodeId> open{kRoot};
  while (!open.empty()) {
    const NodeId id = open.back();
    open.pop_back();
    const Node& node = nodes_[index(id)];
    if (++reached > nodes_.size()) return "the tree has a loop";
    if (id != kRoot) {
      pages.push_back(node.page);
      if (node.length < 1 || node.length > page_size_)
        return fmt::format("node {} has {} tokens", id, node.length);
      if (node.length < page_size_ && !node.children.empty())
        return fmt::format("node {} is short, no leaf", id);
      if ((node.holds == 0) != (place_in_list[index(id)] >= 0)) return fmt::format("node {} is lost", id);
    }
    int64_t children_holds = 0;
    for (size_t i = 0; i < node.children.size(); ++i) {
      const Node& child = nodes_[index(node.children[i])];
      if (child.parent != id) return fmt::format("node {} has another parent", node.children[i]);
      children_holds += child.holds;
      if (id != kRoot && node.holds == 0 &&
          place_in_list[index(node.children[i])] > place_in_list[index(id)]) {
        return fmt::format("node {} would be evicted before its child", id);
      }
      open.push_back(node.children[i]);
      if (i == 0) continue;
      if (const Owner before = nodes_[index(node.children[i - 1])].owner; before != child.owner) {
        if (before > child.owner) return fmt::format("the children of node {} are not sorted by owner", id);
        continue;
      }
      const auto smaller = tokens(node.children[i - 1]);
      const auto larger = tokens(node.children[i]);
      const auto difference = std::ranges::mismatch(smaller, larger);
      if (difference.in1 == smaller.end()) return fmt::format("a child of node {} begins with another", id);
      if (difference.in2 == larger.end() || *difference.in1 > *difference.in2) {
        return fmt::format("the children of node {} are not sorted", id);
      }
    }
    if (id != kRoot && node.holds < children_holds)
      return fmt::format("node {} is held less than its children", id);
  }
  if (reached != nodes_.size() - unused_.size())
    return fmt::format("{} nodes reached from the root", reached);
  return std::nullopt;
}

std::optional<std::string> PageCache::find_inconsistency(std::span<const Lease* const> leases,
                                                         std::span<const PageId> borrowed) const {
  std::vector<PageId> everywhere = free_;
  everywhere.insert(everywhere.end(), borrowed.begin(), borrowed.end());
  if (auto found = tree_.find_inconsistency(everywhere)) return found;
  int32_t promised = 0;
  for (const Lease* lease : leases) {
    promised += lease->promised_;
    // The beginning of the page table is the tree's path, the rest the lease's own.
    NodeId node = lease->last_shared_;
    for (auto i = lease->shared_ - 1; i >= 0; --i, node = tree_.parent(node)) {
      if (node == kRoot || tree_.page(node) != lease->pages_[static_cast<size_t>(i)] ||
          tree_.holds(node) == 0) {
        return fmt::format("page {} of a page table is not the tree's", i);
      }
    }
    if (node != kRoot) return "a lease's path is longer than its page table";
    everywhere.insert(everywhere.end(), lease->pages_.begin() + lease->shared_, lease->pages_.end());
  }
  if (promised != promised_) return fmt::format("{} pages promised, {} counted", promised, promised_);
  if (unheld() < promised_) return fmt::format("{} pages promised, {} to give", promised_, unheld());

  std::ranges::sort(everywhere);
  if (everywhere.size() != static_cast<size_t>(pages_)) {
    return fmt::format("{} pages accounted for, {} exist", everywhere.size(), pages_);
  }
  for (PageId page = 0; page < pages_; ++page) {
    if (everywhere[static_cast<size_t>(page)] != page)
      return fmt::format("page {} is missing or in two places", page);
  }
  return std::nullopt;
}

}  // namespace riposte::kvcache
