// A tree of guesses as page tables: the first path runs in the sequence's own table, each further one in a
// table of a branch (docs/decisions/0008-branches-are-pages.md).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "drafting/draft.h"
#include "kvcache/page_cache.h"
#include "model/executor.h"

namespace riposte::engine {

// A path that leaves an earlier one. What lies before `first_page` is that path's; from there on pages are
// borrowed.
struct Branch {
  int32_t leaves = 0;       // the path that it leaves
  int32_t first_guess = 0;  // of the draft: the first that is not on that path
  int32_t first_page = 0;   // of its table: the page of that guess
  int32_t depth = 0;        // guesses from the root to its end
  std::vector<model::PageId> pages;
};

// Path 0 is the trunk, path b + 1 is branch b. The first child of a guess goes on along the guess's path,
// every other child begins a branch.
class Branches {
 public:
  // Lays out the paths of a draft whose first guesses stand at `position`. A draft that needs more than
  // `most` branches is cut before the first guess that would begin one more.
  void lay_out(drafting::Draft& draft, int32_t position, int32_t most);
  // Borrows the pages of all branches and fills in their tables, given the trunk's, which covers the deepest
  // guess. The first `computed` positions exist: what of them lies in a branch's first page is to be copied
  // there (`copies`). A draft is cut before the first branch for which there are no pages.
  void borrow(drafting::Draft& draft, std::span<const model::PageId> trunk, int32_t computed,
              kvcache::PageCache& cache, std::vector<kvcache::PageCopy>& copies);
  // Makes a path the trunk: its pages take the place of the lease's.
  void adopt(int32_t path, kvcache::Lease& lease, kvcache::PageCache& cache);
  // Gives all borrowed pages back and forgets the draft.
  void give_back(kvcache::PageCache& cache);

  std::span<const Branch> all() const { return std::span(branches_).first(static_cast<size_t>(count_)); }
  int32_t path(int32_t guess) const { return paths_[static_cast<size_t>(guess)]; }
  int32_t position(int32_t guess) const { return position_ + depths_[static_cast<size_t>(guess)]; }
  int32_t depth() const { return depth_; }  // guesses from the root to the deepest one

 private:
  bool take_pages(Branch& branch, int32_t page_size, kvcache::PageCache& cache);
  void cut(drafting::Draft& draft, size_t guesses);

  int32_t position_ = 0;
  int32_t depth_ = 0;
  std::vector<int32_t> paths_;    // [guesses]
  std::vector<int32_t> depths_;   // [guesses], 0 for those without a parent
  std::vector<bool> continued_;   // [1 + guesses]: whether the root (a guess) has a child on its own path
  std::vector<Branch> branches_;  // the first count_ of them; the others wait with their memory
  int32_t count_ = 0;
  std::vector<model::PageId> borrowed_;
};

}  // namespace riposte::engine
