#include "kvcache/page_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <numeric>
#include <random>

namespace riposte::kvcache {
namespace {

using Tokens = std::vector<TokenId>;

Tokens ascending(TokenId first, int count) {
  Tokens tokens(static_cast<size_t>(count));
  std::iota(tokens.begin(), tokens.end(), first);
  return tokens;
}

Tokens operator+(Tokens a, const Tokens& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

class PageCacheTest : public testing::Test {
 protected:
  PageCache cache{8, 4};

  // Runs a sequence from beginning to end without anybody else.
  PageCache::Opened run(const Tokens& tokens, Owner owner = kEverybody) {
    auto opened = cache.open(tokens, static_cast<int32_t>(tokens.size()), owner);
    EXPECT_TRUE(opened);
    const PageCache::Opened result = *opened;
    cache.grow(opened->lease, static_cast<int32_t>(tokens.size()));
    cache.close(opened->lease, tokens);
    check({});
    return result;
  }

  void check(std::vector<const Lease*> leases) {
    EXPECT_EQ(cache.find_inconsistency(leases).value_or("consistent"), "consistent");
  }
};

TEST_F(PageCacheTest, NothingIsCachedAtFirst) {
  const auto opened = run(ascending(0, 10));
  EXPECT_EQ(opened.lease.cached_tokens(), 0);
  EXPECT_FALSE(opened.copy);
}

TEST_F(PageCacheTest, WhoeverReusesNothingSharesNothingAndLeavesTheCacheAsItWas) {
  run(ascending(0, 10));
  auto opened = cache.open(ascending(0, 10), 10, kEverybody, Reuse::kNothing);
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->lease.cached_tokens(), 0);
  EXPECT_FALSE(opened->copy);
  cache.grow(opened->lease, 10);
  check({&opened->lease});
  cache.close(opened->lease, {});
  check({});
  EXPECT_EQ(run(ascending(0, 10)).lease.cached_tokens(), 9);
}

TEST_F(PageCacheTest, WholePagesAreSharedAndAPartOfAPageIsCopied) {
  auto first = cache.open(ascending(0, 10), 10);
  cache.grow(first->lease, 10);
  const Tokens pages(first->lease.pages().begin(), first->lease.pages().end());
  cache.close(first->lease, ascending(0, 10));

  auto second = cache.open(ascending(0, 9) + Tokens{77, 78, 79}, 12);
  EXPECT_EQ(second->lease.cached_tokens(), 9);
  EXPECT_EQ(second->lease.pages()[0], pages[0]);
  EXPECT_EQ(second->lease.pages()[1], pages[1]);
  ASSERT_TRUE(second->copy);
  EXPECT_EQ(second->copy->from, pages[2]);
  EXPECT_EQ(second->copy->to, second->lease.pages()[2]);
  EXPECT_NE(second->copy->to, pages[2]);
  EXPECT_EQ(second->copy->tokens, 1);
  check({&second->lease});
}

TEST_F(PageCacheTest, TheLastTokenOfAPromptIsNeverTakenFromTheCache) {
  run(ascending(0, 8));
  EXPECT_EQ(run(ascending(0, 8)).lease.cached_tokens(), 7);
  EXPECT_EQ(run(ascending(0, 1)).lease.cached_tokens(), 0);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 8)), 7);
  EXPECT_EQ(cache.cached_tokens({}), 0);
}

TEST_F(PageCacheTest, PagesOfARunningSequenceAreSharedOnceTheyArePublished) {
  auto first = cache.open(ascending(0, 6), 12);
  cache.grow(first->lease, 6);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 6)), 0);
  cache.publish(first->lease, ascending(0, 6));
  EXPECT_EQ(cache.cached_tokens(ascending(0, 6)), 4) << "a page that is still being written is not shared";
  auto second = cache.open(ascending(0, 6), 8);
  EXPECT_EQ(second->lease.pages()[0], first->lease.pages()[0]);
  check({&first->lease, &second->lease});
}

TEST_F(PageCacheTest, APageThatTwoSequencesComputedIsKeptOnce) {
  auto first = cache.open(ascending(0, 5), 8);
  auto second = cache.open(ascending(0, 5), 8);
  cache.grow(first->lease, 5);
  cache.grow(second->lease, 5);
  cache.publish(first->lease, ascending(0, 5));
  cache.publish(second->lease, ascending(0, 5));
  EXPECT_EQ(second->lease.pages()[0], first->lease.pages()[0]);
  EXPECT_NE(second->lease.pages()[1], first->lease.pages()[1]);
  check({&first->lease, &second->lease});
}

TEST_F(PageCacheTest, ALongerEndReplacesAShorterOneOfTheSameText) {
  run(ascending(0, 6));
  run(ascending(0, 7));
  EXPECT_EQ(cache.cached_tokens(ascending(0, 9)), 7);
  EXPECT_EQ(run(ascending(0, 5)).lease.cached_tokens(), 4);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 9)), 7)
      << "a shorter text must not take away what a longer one left";
}

TEST_F(PageCacheTest, TextsThatPartInsideAPageAreBothKept) {
  run(ascending(0, 6));
  run(ascending(0, 5) + Tokens{50, 51});
  EXPECT_EQ(cache.cached_tokens(ascending(0, 9)), 6);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 5) + Tokens{50, 51, 52}), 7);
}

TEST_F(PageCacheTest, TheLeastRecentlyUsedTextIsForgottenFirstFromItsEnd) {
  run(ascending(0, 12));
  run(ascending(100, 12));
  run(ascending(0, 12));  // the first text is now the more recent one
  run(ascending(200, 16));
  EXPECT_EQ(cache.cached_tokens(ascending(100, 13)), 4);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 13)), 12);
}

TEST_F(PageCacheTest, PagesInUseAreNeverEvicted) {
  auto running = cache.open(ascending(0, 8), 8);
  cache.grow(running->lease, 8);
  cache.publish(running->lease, ascending(0, 8));
  for (TokenId text = 100; text < 2000; text += 100) run(ascending(text, 24));
  EXPECT_EQ(cache.cached_tokens(ascending(0, 9)), 8);
  check({&running->lease});
}

TEST_F(PageCacheTest, ASequenceIsRefusedUnlessItsWorstCaseFitsBesideTheOthers) {
  auto first = cache.open(ascending(0, 2), 20);
  EXPECT_EQ(cache.available(), 3);
  EXPECT_FALSE(cache.open(ascending(100, 2), 13));
  auto second = cache.open(ascending(100, 2), 12);
  ASSERT_TRUE(second);
  cache.grow(first->lease, 20);
  cache.grow(second->lease, 12);
  EXPECT_EQ(cache.available(), 0);
  check({&first->lease, &second->lease});
  cache.close(first->lease, {});
  cache.close(second->lease, {});
  EXPECT_EQ(cache.available(), 8);
  check({});
}

TEST_F(PageCacheTest, ARefusalChangesNothing) {
  run(ascending(0, 8));
  auto running = cache.open(ascending(100, 2), 24);
  EXPECT_FALSE(cache.open(ascending(0, 9), 16));
  EXPECT_EQ(cache.available(), 2);
  check({&running->lease});
}

TEST_F(PageCacheTest, TheLastPageIsNotEvictedForACopyOfItself) {
  auto running = cache.open(ascending(100, 2), 28);
  cache.grow(running->lease, 28);
  auto before = cache.open(ascending(0, 3), 3);
  cache.grow(before->lease, 3);
  cache.close(before->lease, ascending(0, 3));
  auto opened = cache.open(ascending(0, 3), 4);
  ASSERT_TRUE(opened);
  EXPECT_FALSE(opened->copy);
  EXPECT_EQ(opened->lease.cached_tokens(), 0);
  cache.grow(opened->lease, 4);
  check({&running->lease, &opened->lease});
}

TEST_F(PageCacheTest, WhatWasNotComputedIsNotKept) {
  auto opened = cache.open(ascending(0, 8), 8);
  cache.grow(opened->lease, 8);
  cache.close(opened->lease, ascending(0, 3));
  EXPECT_EQ(cache.cached_tokens(ascending(0, 8)), 3);
  check({});
}

TEST_F(PageCacheTest, APinnedBeginningOutlivesAnyTraffic) {
  run(ascending(0, 6) + Tokens{90, 91});
  const auto pin = cache.pin(ascending(0, 6));
  ASSERT_TRUE(pin);
  EXPECT_EQ(pin->tokens, 6);
  for (TokenId text = 100; text < 2000; text += 100) run(ascending(text, 24));
  EXPECT_EQ(cache.cached_tokens(ascending(0, 9)), 6);
  EXPECT_FALSE(cache.open(ascending(100, 28), 28)) << "pinned pages are not available";
  cache.unpin(*pin);
  run(ascending(100, 32));
  EXPECT_EQ(cache.cached_tokens(ascending(0, 9)), 0);
}

TEST_F(PageCacheTest, APinnedEndMayGrowButNotShrink) {
  run(ascending(0, 6));
  const auto pin = cache.pin(ascending(0, 6));
  run(ascending(0, 12));
  EXPECT_EQ(cache.cached_tokens(ascending(0, 13)), 12);
  run(ascending(100, 24));
  EXPECT_EQ(cache.cached_tokens(ascending(0, 13)), 8);
  cache.unpin(*pin);
  check({});
}

TEST_F(PageCacheTest, WhatRunningSequencesWerePromisedCannotBePinned) {
  run(ascending(0, 8));
  auto running = cache.open(ascending(100, 2), 28);
  EXPECT_FALSE(cache.pin(ascending(0, 8)));
  EXPECT_TRUE(cache.pin(ascending(0, 4)));
  check({&running->lease});
}

TEST_F(PageCacheTest, WhatOneOwnerWroteIsFoundByNoOther) {
  run(ascending(0, 10), 7);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 11), 7), 10);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 11), 8), 0);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 11)), 0);
  EXPECT_EQ(run(ascending(0, 10), 8).lease.cached_tokens(), 0);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 11), 8), 10);
}

TEST_F(PageCacheTest, WhatOneAdapterComputedIsFoundByNoOther) {
  const Owner base, first{kEverybody, 1}, second{kEverybody, 2}, mine{7, 1};
  run(ascending(0, 10), first);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 11), first), 10);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 11), mine), 10) << "everybody's of the same adapter";
  EXPECT_EQ(cache.cached_tokens(ascending(0, 11), second), 0);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 11), base), 0);
  run(ascending(0, 6), base);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 11), base), 6);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 11), Owner(7, 2)), 0);
}

TEST_F(PageCacheTest, WhatIsEverybodysIsFoundByAllAndContinuedByEachForHimself) {
  run(ascending(0, 6));
  EXPECT_EQ(run(ascending(0, 10), 7).lease.cached_tokens(), 6);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 11), 7), 10);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 11), 8), 6);
  EXPECT_EQ(cache.cached_tokens(ascending(0, 11)), 6) << "what an owner added is not everybody's";
}

TEST_F(PageCacheTest, WhatNobodyWasPromisedCanBeBorrowed) {
  auto opened = cache.open(ascending(0, 5), 20);  // five of eight pages
  ASSERT_TRUE(opened);
  std::vector<PageId> borrowed;
  while (const auto page = cache.borrow()) borrowed.push_back(*page);
  EXPECT_EQ(borrowed.size(), 3u);
  cache.grow(opened->lease, 20);  // what was promised is there all the same
  const Lease* lease = &opened->lease;
  EXPECT_EQ(cache.find_inconsistency(std::span(&lease, 1), borrowed).value_or("consistent"), "consistent");
  EXPECT_FALSE(cache.open(ascending(100, 1), 1)) << "all memory is in use";
  for (const PageId page : borrowed) cache.give_back(page);
  EXPECT_TRUE(cache.open(ascending(100, 1), 1));
}

TEST_F(PageCacheTest, ABorrowedPageTakesThePlaceOfOneInAPageTable) {
  auto opened = cache.open(ascending(0, 6), 8);
  ASSERT_TRUE(opened);
  Lease& lease = opened->lease;
  cache.grow(lease, 6);
  cache.publish(lease, ascending(0, 4));
  const PageId first = lease.pages()[0];
  const PageId second = lease.pages()[1];
  PageId page = cache.borrow().value();
  const PageId borrowed = page;
  cache.exchange(lease, 1, page);
  EXPECT_EQ(page, second);
  EXPECT_EQ(lease.pages()[0], first);
  EXPECT_EQ(lease.pages()[1], borrowed);
  cache.give_back(page);
  check({&lease});
  cache.close(lease, ascending(0, 6));
  check({});
  // The text is found with what was written into the page that was borrowed.
  const auto again = cache.open(ascending(0, 7), 7);
  ASSERT_TRUE(again && again->copy);
  EXPECT_EQ(again->copy->from, borrowed);
}

// Every page remembers the tokens that were written to it and by whom, so that a wrong share or an early
// eviction shows as a wrong token or owner; the invariants are checked after every operation.
TEST(PageCacheProperty, RandomTrafficNeverLosesAPageOrMixesTexts) {
  constexpr int32_t kPageSize = 4;
  struct Running {
    Tokens tokens;
    int32_t computed = 0;
    int32_t most = 0;
    Owner owner = kEverybody;
    Lease lease;
  };
  for (uint32_t seed = 0; seed < 40; ++seed) {
    std::mt19937 random(seed);
    const auto below = [&random](int bound) {
      return static_cast<int32_t>(random() % static_cast<uint32_t>(bound));
    };
    PageCache cache(6 + below(30), kPageSize);
    std::vector<TokenId> memory(static_cast<size_t>(cache.pages() * kPageSize), -1);
    std::vector<Owner> writers(memory.size(), kEverybody);
    std::vector<std::unique_ptr<Running>> running;
    std::vector<Pin> pins;
    int64_t reused = 0;
    for (int operation = 0; operation < 1500; ++operation) {
      const int32_t what = below(10);
      if (what < 3) {  // begin
        auto sequence = std::make_unique<Running>();
        const int32_t length = 1 + below(14);
        for (int32_t i = 0; i < length; ++i)
          sequence->tokens.push_back(below(2));  // few words: many shared beginnings
        sequence->most = length + below(10);
        sequence->owner = Owner(static_cast<uint64_t>(below(3)), below(2));
        if (auto opened = cache.open(sequence->tokens, sequence->most, sequence->owner)) {
          sequence->lease = std::move(opened->lease);
          sequence->computed = sequence->lease.cached_tokens();
          reused += sequence->computed;
          ASSERT_LT(sequence->computed, length);
          if (opened->copy) {
            std::copy_n(memory.begin() + opened->copy->from * kPageSize, opened->copy->tokens,
                        memory.begin() + opened->copy->to * kPageSize);
            std::copy_n(writers.begin() + opened->copy->from * kPageSize, opened->copy->tokens,
                        writers.begin() + opened->copy->to * kPageSize);
          }
          for (int32_t p = 0; p < sequence->computed; ++p) {
            const PageId page = sequence->lease.pages()[static_cast<size_t>(p / kPageSize)];
            const Owner writer = writers[static_cast<size_t>(page * kPageSize + p % kPageSize)];
            ASSERT_TRUE(writer.adapter == sequence->owner.adapter) << writer.adapter;
            ASSERT_TRUE(writer.user == kEverybody || writer.user == sequence->owner.user) << writer.user;
          }
          running.push_back(std::move(sequence));
        }
      } else if (what < 8 && !running.empty()) {  // compute some tokens, or guess and take back
        Running& sequence = *running[static_cast<size_t>(below(static_cast<int>(running.size())))];
        const int32_t count = std::min(1 + below(5), sequence.most - sequence.computed);
        cache.grow(sequence.lease, sequence.computed + count);
        while (static_cast<int32_t>(sequence.tokens.size()) < sequence.computed + count) {
          sequence.tokens.push_back(below(2));
        }
        for (int32_t i = 0; i < count; ++i, ++sequence.computed) {
          const PageId page = sequence.lease.pages()[static_cast<size_t>(sequence.computed / kPageSize)];
          const auto slot = static_cast<size_t>(page * kPageSize + sequence.computed % kPageSize);
          memory[slot] = sequence.tokens[static_cast<size_t>(sequence.computed)];
          writers[slot] = sequence.owner;
        }
        if (below(2) == 0) {
          cache.publish(sequence.lease,
                        std::span(sequence.tokens).first(static_cast<size_t>(sequence.computed)));
        }
        // A branch: its page takes the place of the one that is being filled, with the same beginning.
        const int32_t partial = sequence.computed / kPageSize;
        if (below(3) == 0 && partial < static_cast<int32_t>(sequence.lease.pages().size())) {
          if (auto borrowed = cache.borrow()) {
            const auto page = static_cast<size_t>(sequence.lease.pages()[static_cast<size_t>(partial)]);
            std::copy_n(memory.begin() + static_cast<std::ptrdiff_t>(page) * kPageSize, kPageSize,
                        memory.begin() + *borrowed * kPageSize);
            std::copy_n(writers.begin() + static_cast<std::ptrdiff_t>(page) * kPageSize, kPageSize,
                        writers.begin() + *borrowed * kPageSize);
            cache.exchange(sequence.lease, partial, *borrowed);
            std::fill_n(memory.begin() + *borrowed * kPageSize, kPageSize, -1);
            cache.give_back(*borrowed);
          }
        }
      } else if (what == 8 && !running.empty()) {  // end
        const auto which = running.begin() + below(static_cast<int>(running.size()));
        cache.close((*which)->lease,
                    std::span((*which)->tokens).first(static_cast<size_t>((*which)->computed)));
        running.erase(which);
      } else if (what == 9) {
        if (pins.size() > 1 || (!pins.empty() && below(2) == 0)) {
          cache.unpin(pins.back());
          pins.pop_back();
        } else if (const auto pin =
                       cache.pin(Tokens{below(2), below(2), below(2), below(2), below(2), below(2)})) {
          pins.push_back(*pin);
        }
      }
      std::vector<const Lease*> leases;
      for (const auto& sequence : running) {
        leases.push_back(&sequence->lease);
        for (int32_t position = 0; position < sequence->computed; ++position) {
          const PageId page = sequence->lease.pages()[static_cast<size_t>(position / kPageSize)];
          ASSERT_EQ(memory[static_cast<size_t>(page * kPageSize + position % kPageSize)],
                    sequence->tokens[static_cast<size_t>(position)])
              << "seed " << seed << ", operation " << operation << ", position " << position;
        }
      }
      ASSERT_EQ(cache.find_inconsistency(leases).value_or("consistent"), "consistent")
          << "seed " << seed << ", operation " << operation;
    }
    EXPECT_GT(reused, 0);
  }
}

}  // namespace
}  // namespace riposte::kvcache
