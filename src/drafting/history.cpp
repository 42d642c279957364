#include "drafting/history.h"

#include <algorithm>
#include <array>
#include <string>

#include "drafting/edits.h"

namespace riposte::drafting {
namespace {

constexpr size_t kMostSourceWords = 3;  // of one edit
constexpr size_t kMostLearnedTokens = 2048;
constexpr TokenId kLeftOut = kNoToken;  // as a value of the table: the words were left out

// What a context is made of, so that contexts of different sorts never meet.
enum class Sort : uint64_t {
  kReplacement = 1,
  kReplacementBehind,
  kInsertion,
  kInsertionBehind,
  kInsertionBefore,
  kNextOfThree,
  kNextOfTwo
};

class Context {
 public:
  Context(Sort sort, uint64_t owner) { add(static_cast<uint64_t>(sort)).add(owner); }
  // splitmix64's finaliser (Steele, Lea, Flood 2014).
  Context& add(uint64_t value) {
    hash_ = (hash_ ^ value) + 0x9e3779b97f4a7c15u;
    hash_ = (hash_ ^ (hash_ >> 30)) * 0xbf58476d1ce4e5b9u;
    hash_ = (hash_ ^ (hash_ >> 27)) * 0x94d049bb133111ebu;
    hash_ ^= hash_ >> 31;
    return *this;
  }
  Context& add(std::span<const Word> words) {
    for (const Word& word : words) add(word.hash);
    return *this;
  }
  operator uint64_t() const { return hash_; }

 private:
  uint64_t hash_ = 0;
};

Context replacement(uint64_t owner, std::span<const Word> words) {
  return Context(Sort::kReplacement, owner).add(words);
}
Context replacement_behind(uint64_t owner, uint64_t previous, std::span<const Word> words) {
  return Context(Sort::kReplacementBehind, owner).add(previous).add(words);
}
std::array<Context, 3> insertions(uint64_t owner, uint64_t previous, uint64_t next) {
  return {Context(Sort::kInsertion, owner).add(previous).add(next),
          Context(Sort::kInsertionBehind, owner).add(previous),
          Context(Sort::kInsertionBefore, owner).add(next)};
}

uint64_t hash_at(const Words& words, int32_t index) {
  return index >= 0 && index < static_cast<int32_t>(words.size()) ? words[static_cast<size_t>(index)].hash
                                                                  : 0;
}

}  // namespace

void History::find_edits(uint64_t owner, uint64_t previous, std::span<const Word> source,
                         std::vector<Guess>& out) const {
  const auto take = [&](std::optional<ContextTable::Known> known, size_t words, bool knows_previous) {
    if (!known || known->taken == 0) return false;
    const bool leaves_out = known->size == 1 && known->tokens[0] == kLeftOut;
    out.push_back({*known, static_cast<int32_t>(words), knows_previous, leaves_out});
    return true;
  };
  for (size_t words = 1; words <= std::min(kMostSourceWords, source.size()); ++words) {
    const auto those = source.first(words);
    if (!take(table_.find(replacement_behind(owner, previous, those)), words, true))
      take(table_.find(replacement(owner, those)), words, false);
  }
  bool knows_previous = true;
  for (const Context& context : insertions(owner, previous, source.empty() ? 0 : source[0].hash)) {
    if (take(table_.find(context), 0, knows_previous)) return;
    knows_previous = false;  // of the three, the first has both neighbours
  }
}

std::optional<ContextTable::Known> History::find_next(uint64_t owner, std::span<const TokenId> before) const {
  for (const size_t count : {size_t{3}, size_t{2}}) {
    if (before.size() < count) continue;
    Context context(count == 3 ? Sort::kNextOfThree : Sort::kNextOfTwo, owner);
    for (const TokenId token : before.last(count)) context.add(static_cast<uint64_t>(token));
    const auto known = table_.find(context);
    if (known && known->taken > 0) return known;
  }
  return std::nullopt;
}

void History::learn(uint64_t owner, std::span<const TokenId> source, std::span<const TokenId> output,
                    const Vocabulary& vocabulary) {
  output = output.first(std::min(output.size(), kMostLearnedTokens));
  source = source.first(std::min(source.size(), kMostLearnedTokens));
  for (size_t i = 2; i < output.size(); ++i) {
    const std::span<const TokenId> next = output.subspan(i, 1);
    for (const size_t count : {size_t{3}, size_t{2}}) {
      if (i < count) continue;
      Context context(count == 3 ? Sort::kNextOfThree : Sort::kNextOfTwo, owner);
      for (const TokenId token : output.subspan(i - count, count)) context.add(static_cast<uint64_t>(token));
      table_.observe(context, next);
    }
  }
  if (source.empty() || output.empty()) return;
  const Words source_words(source, vocabulary);
  const Words output_words(output, vocabulary);
  learn_edits(owner, source_words, output_words, output, vocabulary);
}

void History::learn_edits(uint64_t owner, const Words& source, const Words& output,
                          std::span<const TokenId> output_tokens, const Vocabulary& vocabulary) {
  if (source.size() > kMostEditWords || output.size() > kMostEditWords) return;
  const std::vector<Edit> edits = edits_between(source, output);
  // Where much more is new than kept, the answer is no rewriting.
  int32_t changed = 0;
  for (const Edit& edit : edits) changed += edit.source_end - edit.source_begin;
  if (2 * changed > static_cast<int32_t>(source.size())) return;

  // What an edit wrote, as it stands inside a sentence.
  std::vector<TokenId> written;
  const auto read = [&](const Edit& edit) {
    written.clear();
    if (edit.output_begin == edit.output_end) return;
    const Word& first = output[static_cast<size_t>(edit.output_begin)];
    const Word& last = output[static_cast<size_t>(edit.output_end - 1)];
    const auto own =
        output_tokens.subspan(static_cast<size_t>(first.first_token),
                              static_cast<size_t>(last.first_token + last.tokens - first.first_token));
    if (edit.output_begin > 0 || first.kind == WordKind::kMark) return written.assign(own.begin(), own.end());
    std::string text(" ");
    for (const TokenId token : own) text += vocabulary.bytes(token);
    vocabulary.encode(text, written);
  };
  // A gap: nothing, or an edit without source words, between the output word before it and source word `at`.
  const auto observe_gap = [&](int32_t output_at, int32_t at, std::span<const TokenId> inserted) {
    for (const Context& context : insertions(owner, hash_at(output, output_at - 1), hash_at(source, at)))
      table_.observe(context, inserted);
  };
  const auto observe_words = [&](int32_t output_at, std::span<const Word> words,
                                 std::span<const TokenId> replaced) {
    table_.observe(replacement(owner, words), replaced);
    table_.observe(replacement_behind(owner, hash_at(output, output_at - 1), words), replaced);
  };

  int32_t source_at = 0, output_at = 0;
  const auto copy_until = [&](int32_t end, bool gap_first) {
    for (; source_at < end; ++source_at, ++output_at) {
      if (gap_first) observe_gap(output_at, source_at, {});
      gap_first = true;
      observe_words(output_at, source.all().subspan(static_cast<size_t>(source_at), 1), {});
    }
  };
  bool inserted = false;
  for (const Edit& edit : edits) {
    copy_until(edit.source_begin, !inserted);
    const auto words = static_cast<size_t>(edit.source_end - edit.source_begin);
    read(edit);
    inserted = words == 0;
    if (words == 0) {
      observe_gap(edit.output_begin, edit.source_begin, written);
    } else if (words <= kMostSourceWords) {
      if (written.empty()) written.push_back(kLeftOut);
      observe_words(edit.output_begin, source.all().subspan(static_cast<size_t>(edit.source_begin), words),
                    written);
    }
    source_at = edit.source_end;
    output_at = edit.output_end;
  }
  copy_until(static_cast<int32_t>(source.size()), !inserted);
  if (!inserted) observe_gap(output_at, source_at, {});
}

}  // namespace riposte::drafting
