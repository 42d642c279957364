// The books of KV memory: every page is free, in the prefix tree, in the page table of one running sequence,
// or borrowed for a while.
//
// A sequence takes a lease: it shares the pages of the longest cached beginning of its prompt, and is
// promised as many further pages as it can ever need. A promise is only given if it can be kept, so a running
// sequence never waits for memory and there is nothing to deadlock on. Pages of finished sequences stay in
// the tree until their memory is needed; the least recently used go first, pages in use or pinned never.
//
// A text is found by its owner, and by all users of the same adapter if it is everybody's (kEverybody):
// instructions that the server itself has computed. What one user wrote makes no other one faster.
//
// Pure host logic for one thread: contents are copied and computed by the caller. No call costs more than the
// tokens it is given (times the logarithm of a node's children), and growing a lease allocates nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/token.h"
#include "kvcache/prefix_tree.h"

namespace riposte::kvcache {

// The first `tokens` slots of page `from` are to be copied to page `to`.
struct PageCopy {
  PageId from = 0;
  PageId to = 0;
  int32_t tokens = 0;
};

// What one running sequence holds. Made by PageCache::open, given back with PageCache::close.
class Lease {
 public:
  // The page table: position p lies in pages()[p / page_size], slot p % page_size.
  std::span<const PageId> pages() const { return pages_; }
  // Tokens of the prompt whose keys and values exist already (once the copy that open() asked for is made).
  int32_t cached_tokens() const { return cached_tokens_; }

 private:
  friend class PageCache;
  Owner owner_;
  std::vector<PageId> pages_;
  int32_t cached_tokens_ = 0;
  int32_t shared_ = 0;  // the first so many pages are nodes of the tree, held by this lease
  NodeId last_shared_ = kRoot;
  int32_t promised_ = 0;  // pages that it may still take
};

// Keeps the beginning of a text in memory until it is unpinned.
struct Pin {
  NodeId node = kRoot;
  int32_t tokens = 0;  // how many tokens of the text are kept: what was cached when it was pinned
};

// What a sequence may take over from others.
enum class Reuse : uint8_t {
  kPrefix,   // the longest cached beginning of its prompt
  kNothing,  // it needs more of every token than keys and values
};

class PageCache {
 public:
  PageCache(int32_t pages, int32_t page_size);

  struct Opened {
    Lease lease;
    // To be made before any row of a later step is computed; copies of several open() calls in the order of
    // the calls.
    std::optional<PageCopy> copy;
  };
  // Leases memory for a sequence that begins with `prompt` (not empty) and will fill at most `max_positions`
  // positions (at least the prompt's). At least the last token of the prompt is left to be computed, since an
  // answer needs a row. Nothing if the memory does not suffice while others hold theirs.
  std::optional<Opened> open(std::span<const TokenId> prompt, int32_t max_positions,
                             Owner owner = kEverybody, Reuse reuse = Reuse::kPrefix);
  // Makes the page table cover the first `positions` positions; at most max_positions.
  void grow(Lease& lease, int32_t positions);
  // `tokens`: all tokens of the sequence whose keys and values are computed by now. Its whole pages become
  // available to other sequences. A page that the tree has already is given up for the tree's: equal tokens
  // have equal bits.
  void publish(Lease& lease, std::span<const TokenId> tokens);
  // The end of the sequence: publishes `tokens`, a part of a page included, and gives everything else back.
  void close(Lease& lease, std::span<const TokenId> tokens);

  // A page for a while, out of those that nobody holds and nobody was promised. Nothing if there is none.
  std::optional<PageId> borrow();
  void give_back(PageId page);
  // Puts a borrowed page into a page table, in place of the page at `index`, which was not published: that
  // one is the borrowed one from now on.
  void exchange(Lease& lease, int32_t index, PageId& borrowed);

  // How many tokens open() would find cached.
  int32_t cached_tokens(std::span<const TokenId> prompt, Owner owner = kEverybody) const;

  // Pins what is cached of the beginning of `text`, which is everybody's. Nothing if running sequences may
  // still need that memory.
  std::optional<Pin> pin(std::span<const TokenId> text);
  void unpin(const Pin& pin);

  int32_t pages() const { return pages_; }
  int32_t page_size() const { return page_size_; }
  int32_t pages_for(int32_t positions) const;
  // Pages that nobody holds and nobody was promised.
  int32_t available() const { return unheld() - promised_; }

  // For tests: checks every invariant against all open leases and borrowed pages and says the first that does
  // not hold. O(pages).
  std::optional<std::string> find_inconsistency(std::span<const Lease* const> leases,
                                                std::span<const PageId> borrowed = {}) const;

 private:
  // The deepest node whose path is whole pages of `text`, and the child of it that goes on longest.
  struct Found {
    NodeId node = kRoot;
    int32_t whole_pages = 0;
    PrefixTree::Match partial;
  };
  Found find(std::span<const TokenId> text, Owner owner) const;
  PrefixTree::Match best_child(NodeId parent, std::span<const TokenId> text, Owner owner) const;
  int32_t unheld() const { return static_cast<int32_t>(free_.size()) + tree_.evictable(); }
  PageId take_page();
  void share_next_page(Lease& lease, std::span<const TokenId> tokens);

  int32_t pages_;
  int32_t page_size_;
  int32_t promised_ = 0;  // by all leases together; unheld() >= promised_ always
  PrefixTree tree_;
  std::vector<PageId> free_;
};

}  // namespace riposte::kvcache
