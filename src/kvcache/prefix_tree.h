// A tree of token pages: each node is one page of KV memory, and the path from the root to it spells the
// tokens whose keys and values the pages hold. (The idea of sharing prefixes in a tree: RadixAttention, arXiv
// 2312.07104; here the edges are pages of a fixed size, so that a node is exactly what an executor can
// address.)
//
// Three invariants carry everything else:
//  - only leaves are shorter than a page, and no sibling's tokens begin with those of another sibling of the
//  same
//    owner, so that the best match for any text is a neighbour of its place in the sorted list of siblings;
//  - whoever holds a node holds its ancestors too;
//  - nodes that nobody holds form a list in which children come before their parents (a path is let go from
//    its end to the root). The first of the list is therefore always a leaf, and the least recently used one.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/token.h"

namespace riposte::kvcache {

using PageId = int32_t;
using NodeId = int32_t;
inline constexpr uint64_t kEverybody = 0;
// Whose text a page holds, and which adapter computed it. Two users that write the same have two pages: one of
// them would be faster than it could be alone, and so learn what the other had written. Two adapters have,
// because what one computed means nothing to another.
struct Owner {
  constexpr Owner(uint64_t its_user = kEverybody, int32_t its_adapter = 0)
      : user(its_user), adapter(its_adapter) {}
  friend constexpr auto operator<=>(const Owner&, const Owner&) = default;

  uint64_t user;
  int32_t adapter;  // 0: none
};

inline constexpr NodeId kRoot = 0;
inline constexpr NodeId kNoNode = -1;

class PrefixTree {
 public:
  // Room for `capacity` pages of `page_size` tokens.
  PrefixTree(int32_t capacity, int32_t page_size);

  struct Match {
    NodeId node = kNoNode;
    int32_t tokens = 0;  // how many of the node's first tokens agree; 0 only with kNoNode
  };
  // The child of `parent` that is the owner's and agrees longest with the beginning of `text`.
  // O(page_size * log(children)).
  Match best_child(NodeId parent, std::span<const TokenId> text, Owner owner) const;

  // A new child, held by nobody yet: the caller holds it at once. `tokens`: 1 to page_size; no sibling of the
  // same owner begins with them, and they begin with none of those.
  NodeId add(NodeId parent, std::span<const TokenId> tokens, PageId page, Owner owner);
  // Replaces a leaf's page by one that holds more: `tokens` begin with the leaf's. Returns the page that it
  // had.
  PageId extend(NodeId leaf, std::span<const TokenId> tokens, PageId page);

  void hold(NodeId node);       // by someone who holds its parent
  void release(NodeId node);    // by someone who holds none of its children
  void hold_path(NodeId node);  // the node and each of its ancestors
  void release_path(NodeId node);

  // Removes the least recently used leaf that nobody holds and returns its page.
  std::optional<PageId> evict();

  int32_t evictable() const {
    return evictable_;
  }  // nodes that nobody holds: all of them can be evicted in turn
  NodeId parent(NodeId node) const { return nodes_[index(node)].parent; }
  PageId page(NodeId node) const { return nodes_[index(node)].page; }
  int32_t holds(NodeId node) const { return nodes_[index(node)].holds; }
  std::span<const TokenId> tokens(NodeId node) const;

  // For tests: the first invariant that does not hold, in words. `pages` receives the page of every node.
  std::optional<std::string> find_inconsistency(std::vector<PageId>& pages) const;

 private:
  struct Node {
    NodeId parent = kNoNode;
    PageId page = -1;
    Owner owner;
    int32_t length = 0;  // tokens
    int32_t holds = 0;
    NodeId previous = kNoNode;  // in the list of nodes that nobody holds
    NodeId next = kNoNode;
    std::vector<NodeId> children;  // sorted by their owners, then by their tokens
  };

  static size_t index(NodeId node) { return static_cast<size_t>(node); }
  // Where `text` (at most a page) of the owner belongs among the children of `parent`.
  size_t place(const Node& parent, std::span<const TokenId> text, Owner owner) const;
  void write_tokens(NodeId node, std::span<const TokenId> tokens);
  void append_to_list(NodeId node);
  void remove_from_list(NodeId node);

  int32_t capacity_;
  int32_t page_size_;
  int32_t evictable_ = 0;
  NodeId first_ = kNoNode;  // least recently used
  NodeId last_ = kNoNode;
  std::vector<Node> nodes_;      // [1 + capacity]; kRoot has no page and is never in the list
  std::vector<TokenId> tokens_;  // [1 + capacity][page_size]
  std::vector<NodeId> unused_;
};

}  // namespace riposte::kvcache
