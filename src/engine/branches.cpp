#include "engine/branches.h"

#include <algorithm>

#include "base/check.h"

namespace riposte::engine {
namespace {

size_t at(int32_t index) {
  return static_cast<size_t>(index);
}

}  // namespace

void Branches::lay_out(drafting::Draft& draft, int32_t position, int32_t most) {
  position_ = position;
  depth_ = 0;
  count_ = 0;
  paths_.clear();
  depths_.clear();
  continued_.assign(draft.size() + 1, false);
  for (size_t guess = 0; guess < draft.size(); ++guess) {
    const int32_t parent = draft.parents[guess];
    const bool first = parent == drafting::Draft::kNoParent;
    int32_t path = first ? 0 : paths_[at(parent)];
    const int32_t depth = first ? 0 : depths_[at(parent)] + 1;
    if (continued_[at(parent + 1)]) {
      if (count_ == most) return cut(draft, guess);
      if (at(count_) == branches_.size()) branches_.emplace_back();
      Branch& branch = branches_[at(count_++)];
      branch.leaves = path;
      branch.first_guess = static_cast<int32_t>(guess);
      path = count_;
    }
    continued_[at(parent + 1)] = true;
    paths_.push_back(path);
    depths_.push_back(depth);
    depth_ = std::max(depth_, depth + 1);
    if (path > 0) branches_[at(path - 1)].depth = depth + 1;
  }
}

void Branches::cut(drafting::Draft& draft, size_t guesses) {
  draft.truncate(guesses);
  paths_.resize(guesses);
  depths_.resize(guesses);
  depth_ = depths_.empty() ? 0 : *std::ranges::max_element(depths_) + 1;
  while (count_ > 0 && at(branches_[at(count_ - 1)].first_guess) >= guesses) --count_;
  for (Branch& branch : std::span(branches_).first(at(count_))) branch.depth = 0;
  for (size_t guess = 0; guess < guesses; ++guess) {
    if (paths_[guess] > 0) branches_[at(paths_[guess] - 1)].depth = depths_[guess] + 1;
  }
}

bool Branches::take_pages(Branch& branch, int32_t page_size, kvcache::PageCache& cache) {
  const int32_t end = (position_ + branch.depth - 1) / page_size + 1;
  for (int32_t page = branch.first_page; page < end; ++page) {
    const auto taken = cache.borrow();
    if (!taken) return false;
    borrowed_.push_back(*taken);
    branch.pages.push_back(*taken);
  }
  return true;
}

void Branches::borrow(drafting::Draft& draft, std::span<const model::PageId> trunk, int32_t computed,
                      kvcache::PageCache& cache, std::vector<kvcache::PageCopy>& copies) {
  const int32_t page_size = cache.page_size();
  for (int32_t index = 0; index < count_; ++index) {
    Branch& branch = branches_[at(index)];
    branch.first_page = position(branch.first_guess) / page_size;
    const std::span<const model::PageId> left =
        branch.leaves == 0 ? trunk : branches_[at(branch.leaves - 1)].pages;
    branch.pages.assign(left.begin(), left.begin() + branch.first_page);
    if (!take_pages(branch, page_size, cache)) return cut(draft, at(branch.first_guess));
    const int32_t begin = branch.first_page * page_size;
    if (computed > begin) {
      copies.push_back({left[at(branch.first_page)], branch.pages[at(branch.first_page)], computed - begin});
    }
  }
}

void Branches::adopt(int32_t path, kvcache::Lease& lease, kvcache::PageCache& cache) {
  if (path == 0) return;
  const std::vector<model::PageId>& pages = branches_[at(path - 1)].pages;
  for (size_t index = 0; index < pages.size(); ++index) {
    if (lease.pages()[index] == pages[index]) continue;
    const auto borrowed = std::ranges::find(borrowed_, pages[index]);
    RIPOSTE_CHECK(borrowed != borrowed_.end());
    cache.exchange(lease, static_cast<int32_t>(index), *borrowed);
  }
}

void Branches::give_back(kvcache::PageCache& cache) {
  for (const model::PageId page : borrowed_) cache.give_back(page);
  borrowed_.clear();
  paths_.clear();
  depths_.clear();
  depth_ = 0;
  count_ = 0;
}

}  // namespace riposte::engine
