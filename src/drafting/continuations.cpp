#include "drafting/continuations.h"

#include <algorithm>
#include <array>
#include <string>

#include "drafting/alignment.h"

namespace riposte::drafting {
namespace {

// Measured on answers of Qwen2.5-Coder-1.5B to learners' sentences (riposte bench drafting). By how many
// words were copied in a row:
constexpr std::array<float, kMostCopied + 1> kCopyChance = {0.62f, 0.80f, 0.86f, 0.90f, 0.93f};
constexpr float kCopyFirst = 0.85f;  // the first word of all
constexpr float kMisspelled =
    0.70f;  // a word unknown to the vocabulary, with known words near it, is one of them
constexpr float kCopyUnknown = 0.60f;  // a word unknown to the vocabulary, without any: factor
constexpr float kDropWord = 0.04f;     // the next word is left out
constexpr float kInnerKnown = 0.985f;  // tokens of a word behind its first
constexpr float kInnerUnknown = 0.85f;
constexpr float kEndAfterMark = 0.95f;       // the answer ends where the source does, after a mark
constexpr float kEndAfterWord = 0.30f;       // ... after a word
constexpr float kFullStopAfterWord = 0.60f;  // ... or a full stop comes before the end
constexpr size_t kMostSuggestions = 2;
constexpr size_t kShortestUnknown = 4;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

void capitalise(std::string& text, size_t at) {
  if (at < text.size() && is_lower(text[at])) text[at] = static_cast<char>(text[at] - 'a' + 'A');
}

Situation after_word(const Situation& now, const Word& word) {
  return {.copied = std::min(now.copied + 1, kMostCopied),
          .at_start = false,
          .sentence_begins = word.ends_sentence()};
}

}  // namespace

std::span<const TokenId> Continuations::encoded(std::string_view text) {
  vocabulary_.encode(text, encoded_.emplace_back());
  return encoded_.back();
}

std::span<const TokenId> Continuations::as_written_here(const Word& word, bool first_of_source,
                                                        const Situation& now) {
  const auto own = tokens_.subspan(static_cast<size_t>(word.first_token), static_cast<size_t>(word.tokens));
  const bool needs_space = !now.at_start && (word.spaced || first_of_source);
  const bool needs_capital = now.sentence_begins && !word.text.empty() && is_lower(word.text[0]);
  const bool spaced_as_needed = word.spaced == needs_space || word.kind == WordKind::kMark;
  if (!needs_capital && spaced_as_needed) return own;
  std::string text(needs_space ? " " : "");
  text += word.text;
  if (needs_capital) capitalise(text, needs_space ? 1 : 0);
  return encoded(text);
}

void Continuations::append_word(int32_t word, const Situation& now, float chance,
                                std::vector<Continuation>& out) {
  const Word& next = source_[static_cast<size_t>(word)];
  const auto written = as_written_here(next, word == 0, now);
  if (written.empty()) return;
  const bool unknown = spelling_ != nullptr && next.kind == WordKind::kLetters && next.tokens > 1 &&
                       next.text.size() >= kShortestUnknown && !spelling_->knows(next.text);
  const bool name = is_upper(next.text[0]) && !now.sentence_begins;
  if (unknown && !name) {
    const auto suggestions = spelling_->suggest(next.text, kMostSuggestions);
    for (const Spelling::Suggestion& suggestion : suggestions) {
      std::string text(now.at_start ? "" : " ");
      text += suggestion.word;
      if (is_upper(next.text[0]) || now.sentence_begins) capitalise(text, now.at_start ? 0 : 1);
      const auto corrected = encoded(text);
      if (corrected.empty()) continue;
      out.push_back({.tokens = corrected,
                     .chance = chance * kMisspelled * suggestion.chance,
                     .inner_chance = kInnerKnown,
                     .next_word = word + 1,
                     .next = after_word(now, next),
                     .origin = origin_});
    }
    chance *= suggestions.empty() ? kCopyUnknown : 1.0f - kMisspelled;
  }
  out.push_back({.tokens = written,
                 .chance = chance,
                 .inner_chance = unknown ? kInnerUnknown : kInnerKnown,
                 .next_word = word + 1,
                 .next = after_word(now, next),
                 .origin = origin_});
}

void Continuations::append_end(const Situation& now, std::vector<Continuation>& out) {
  const bool after_letters = source_.size() > 0 && source_[source_.size() - 1].kind != WordKind::kMark;
  if (after_letters && now.copied > 0) {
    const auto full_stop = encoded(".");
    if (!full_stop.empty())
      out.push_back({.tokens = full_stop,
                     .chance = kFullStopAfterWord,
                     .next_word = static_cast<int32_t>(source_.size()),
                     .next = {.copied = 0, .at_start = false, .sentence_begins = true},
                     .origin = origin_});
  }
  if (vocabulary_.end() == kNoToken) return;
  const float chance = after_letters && !now.sentence_begins ? kEndAfterWord : kEndAfterMark;
  const auto end = std::span<const TokenId>(encoded_.emplace_back(1, vocabulary_.end()));
  out.push_back({.tokens = end, .chance = chance, .next_word = Continuation::kNothing, .origin = origin_});
}

void Continuations::append(int32_t word, const Situation& now, std::vector<Continuation>& out) {
  const auto left = static_cast<int32_t>(source_.size()) - word;
  if (left <= 0) return append_end(now, out);
  const float copy = now.at_start ? kCopyFirst : kCopyChance[static_cast<size_t>(now.copied)];
  append_word(word, now, copy, out);
  Situation after_edit = now;
  after_edit.copied = 0;
  if (left > 1) append_word(word + 1, after_edit, kDropWord, out);
}

Continuation Continuations::rest_of_word(int32_t word, int32_t done, const Situation& now) const {
  const Word& partly = source_[static_cast<size_t>(word)];
  return {.tokens = tokens_.subspan(static_cast<size_t>(partly.first_token + done),
                                    static_cast<size_t>(partly.tokens - done)),
          .chance = 1.0f,
          .inner_chance = kInnerKnown,
          .next_word = word + 1,
          .next = after_word(now, partly),
          .origin = origin_};
}

}  // namespace riposte::drafting
