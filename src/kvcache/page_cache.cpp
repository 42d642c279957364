#include "kvcache/page_cache.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace riposte::kvcache {

PageCache::PageCache(int32_t pages, int32_t page_size)
    : pages_(pages), page_size_(page_size), tree_(pages, page_size) {
  RIPOSTE_CHECK(pages > 0 && page_size > 0);
  free_.reserve(static_cast<size_t>(pages));
  for (PageId page = pages - 1; page >= 0; --page) free_.push_back(page);
}

int32_t PageCache::pages_for(int32_t positions) const {
  return positions / page_size_ + (positions % page_size_ != 0 ? 1 : 0);
}

// Of the user's and everybody's.
PrefixTree::Match PageCache::best_child(NodeId parent, std::span<const TokenId> text, Owner owner) const {
  const PrefixTree::Match shared = tree_.best_child(parent, text, {kEverybody, owner.adapter});
  if (owner.user == kEverybody) return shared;
  const PrefixTree::Match own = tree_.best_child(parent, text, owner);
  return own.tokens > shared.tokens ? own : shared;
}

PageCache::Found PageCache::find(std::span<const TokenId> text, Owner owner) const {
  Found found;
  while (true) {
    found.partial = best_child(found.node, text, owner);
    if (found.partial.tokens < page_size_) return found;
    found.node = found.partial.node;
    ++found.whole_pages;
    text = text.subspan(static_cast<size_t>(page_size_));
  }
}

int32_t PageCache::cached_tokens(std::span<const TokenId> prompt, Owner owner) const {
  if (prompt.empty()) return 0;
  const Found found = find(prompt.first(prompt.size() - 1), owner);
  return found.whole_pages * page_size_ + found.partial.tokens;
}

std::optional<PageCache::Opened> PageCache::open(std::span<const TokenId> prompt, int32_t max_positions,
                                                 Owner owner, Reuse reuse) {
  RIPOSTE_CHECK(!prompt.empty() && max_positions >= static_cast<int64_t>(prompt.size()));
  const Found found = reuse == Reuse::kNothing ? Found() : find(prompt.first(prompt.size() - 1), owner);
  const int32_t most_pages = pages_for(max_positions);
  const int32_t new_pages = most_pages - found.whole_pages;  // at least one: the last token's
  tree_.hold_path(found.node);
  if (available() < new_pages) {
    tree_.release_path(found.node);
    return std::nullopt;
  }

  Opened opened;
  Lease& lease = opened.lease;
  lease.owner_ = owner;
  lease.pages_.reserve(static_cast<size_t>(most_pages));
  lease.pages_.resize(static_cast<size_t>(found.whole_pages));
  NodeId node = found.node;
  for (auto page = lease.pages_.rbegin(); page != lease.pages_.rend(); ++page, node = tree_.parent(node)) {
    *page = tree_.page(node);
  }
  lease.cached_tokens_ = found.whole_pages * page_size_;
  lease.shared_ = found.whole_pages;
  lease.last_shared_ = found.node;
  lease.promised_ = new_pages;
  promised_ += new_pages;

  if (found.partial.tokens > 0) {
    // Held meanwhile, lest the page that is to be read be the one that is evicted for the copy.
    tree_.hold(found.partial.node);
    if (unheld() > 0) {
      grow(lease, lease.cached_tokens_ + 1);
      opened.copy = PageCopy{tree_.page(found.partial.node), lease.pages_.back(), found.partial.tokens};
      lease.cached_tokens_ += found.partial.tokens;
    }
    tree_.release(found.partial.node);
  }
  return opened;
}

PageId PageCache::take_page() {
  if (!free_.empty()) {
    const PageId page = free_.back();
    free_.pop_back();
    return page;
  }
  const std::optional<PageId> page = tree_.evict();
  RIPOSTE_CHECK(page.has_value());  // what was promised is there
  return *page;
}

void PageCache::grow(Lease& lease, int32_t positions) {
  for (auto missing = pages_for(positions) - static_cast<int32_t>(lease.pages_.size()); missing > 0;
       --missing) {
    RIPOSTE_CHECK(lease.promised_ > 0);
    lease.pages_.push_back(take_page());
    --lease.promised_;
    --promised_;
  }
}

void PageCache::share_next_page(Lease& lease, std::span<const TokenId> tokens) {
  PageId& page = lease.pages_[static_cast<size_t>(lease.shared_)];
  PrefixTree::Match match = best_child(lease.last_shared_, tokens, lease.owner_);
  // What is everybody's is used where it is enough, and never changed by an owner.
  if (match.tokens < static_cast<int32_t>(tokens.size())) {
    match = tree_.best_child(lease.last_shared_, tokens, lease.owner_);
  }
  NodeId node = match.node;
  if (match.tokens == static_cast<int32_t>(tokens.size())) {
    free_.push_back(page);  // the tree has these tokens already, and perhaps more
    page = tree_.page(node);
  } else if (node != kNoNode && match.tokens == static_cast<int32_t>(tree_.tokens(node).size())) {
    free_.push_back(tree_.extend(node, tokens, page));  // the tree has a part of them
  } else {
    node = tree_.add(lease.last_shared_, tokens, page, lease.owner_);
  }
  tree_.hold(node);
  lease.last_shared_ = node;
  ++lease.shared_;
}

void PageCache::publish(Lease& lease, std::span<const TokenId> tokens) {
  const auto size = static_cast<size_t>(page_size_);
  RIPOSTE_CHECK(tokens.size() <= lease.pages_.size() * size);
  for (auto shared = static_cast<size_t>(lease.shared_); (shared + 1) * size <= tokens.size(); ++shared) {
    share_next_page(lease, tokens.subspan(shared * size, size));
  }
}

void PageCache::close(Lease& lease, std::span<const TokenId> tokens) {
  publish(lease, tokens);
  const size_t published = static_cast<size_t>(lease.shared_) * static_cast<size_t>(page_size_);
  if (tokens.size() > published) share_next_page(lease, tokens.subspan(published));
  free_.insert(free_.end(), lease.pages_.begin() + lease.shared_, lease.pages_.end());
  tree_.release_path(lease.last_shared_);
  promised_ -= lease.promised_;
  lease = Lease{};
}

std::optional<PageId> PageCache::borrow() {
  if (available() <= 0) return std::nullopt;
  return take_page();
}

void PageCache::give_back(PageId page) {
  RIPOSTE_CHECK(page >= 0 && page < pages_ && free_.size() < static_cast<size_t>(pages_));
  free_.push_back(page);
}

void PageCache::exchange(Lease& lease, int32_t index, PageId& borrowed) {
  RIPOSTE_CHECK(index >= lease.shared_ && index < static_cast<int32_t>(lease.pages_.size()));
  std::swap(lease.pages_[static_cast<size_t>(index)], borrowed);
}

std::optional<Pin> PageCache::pin(std::span<const TokenId> text) {
  const Found found = find(text, kEverybody);
  Pin pin{found.node, found.whole_pages * page_size_};
  if (found.partial.tokens > 0) pin = {found.partial.node, pin.tokens + found.partial.tokens};
  tree_.hold_path(pin.node);
  if (available() < 0) {
    tree_.release_path(pin.node);
    return std::nullopt;
  }
  return pin;
}

void PageCache::unpin(const Pin& pin) {
  tree_.release_path(pin.node);
}

}  // namespace riposte::kvcache
