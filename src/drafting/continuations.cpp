#include "drafting/continuations.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "drafting/alignment.h"

namespace riposte::drafting {
namespace {

// Measured on answers of Qwen2.5-Coder-1.5B to learners' sentences (riposte bench drafting). The chance that
// the next word is copied: the longer the answer has copied, the higher.
constexpr float kCopyLow = 0.82f;    // right behind an edit
constexpr float kCopyHigh = 0.985f;  // in the end
constexpr float kCopyFade = 0.5f;    // what is left of the difference with each copied word
constexpr float kMarkErrors = 0.7f;  // marks are changed less often than words: by this factor
constexpr float kCopyFirst = 0.87f;  // the first word of all
// A word unknown to the vocabulary, with known words near it, is one of them: with an edit between them, or
// more.
constexpr float kMisspelled = 0.8f;
constexpr float kMisspelledFar = 0.5f;
constexpr float kCopyUnknown = 0.7f;  // a word unknown to the vocabulary, without any: factor
constexpr float kDropWord = 0.15f;    // if the next word is not copied, it is left out
constexpr float kInnerKnown = 0.98f;  // tokens of a word behind its first
constexpr float kInnerUnknown = 0.75f;
constexpr float kEndAfterMark = 0.9f;        // the answer ends where the source does, after a mark
constexpr float kEndAfterWord = 0.2f;        // ... after a word
constexpr float kFullStopAfterWord = 0.75f;  // ... or a full stop comes before the end
// An edit that was made in a context t of n times is made again with t / (n + doubt). Contexts without the
// word before say less.
constexpr float kDoubt = 4.0f;
constexpr float kDoubtWithout = 8.0f;
constexpr float kDoubtUnknown = 0.4f;  // of a word unknown to the vocabulary, in any context
constexpr float kDoubtInsertion = 2.0f;
constexpr float kDoubtInsertionWithout = 20.0f;
constexpr float kLeastLearned = 0.1f;  // what is less likely is not worth a doubt about copying
// A token that the model said and the source does not expect: it leaves out words up to a near one that
// begins so, or takes the place of a word like it, or of another word, or comes in between.
constexpr int32_t kMostLeftOut = 3;
constexpr float kReplacesSimilar = 0.95f;
constexpr float kReplaces = 0.5f;
constexpr float kMarkReplaces = 0.15f;  // a mark in place of a word
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

float copy_chance(const Situation& now, const Word& next) {
  if (now.at_start) return kCopyFirst;
  const float errors =
      1.0f - kCopyHigh + (kCopyHigh - kCopyLow) * std::pow(kCopyFade, static_cast<float>(now.copied));
  return 1.0f - errors * (next.kind == WordKind::kMark ? kMarkErrors : 1.0f);
}

Situation after(const Situation& now, bool copied, uint64_t hash, bool ends_sentence) {
  return {.copied = copied ? std::min(now.copied + 1, kMostCopied) : 0,
          .at_start = false,
          .sentence_begins = ends_sentence,
          .previous = hash};
}

Situation after_word(const Situation& now, const Word& word) {
  return after(now, true, word.hash, word.ends_sentence());
}

}  // namespace

std::span<const TokenId> Continuations::encoded(std::string_view text) {
  knowledge_.vocabulary.encode(text, encoded_.emplace_back());
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

// The same for tokens that stand inside a sentence, with a space in front.
std::span<const TokenId> Continuations::as_written_here(std::span<const TokenId> tokens,
                                                        const Situation& now) {
  std::string text;
  for (const TokenId token : tokens) text += knowledge_.vocabulary.bytes(token);
  if (now.at_start && text.starts_with(' ')) text.erase(0, 1);
  if (now.sentence_begins) capitalise(text, text.starts_with(' ') ? 1 : 0);
  return encoded(text);
}

bool Continuations::is_unknown(const Word& word) const {
  return knowledge_.spelling != nullptr && word.kind == WordKind::kLetters && word.tokens > 1 &&
         word.text.size() >= kShortestUnknown && !knowledge_.spelling->knows(word.text);
}

void Continuations::append_word(int32_t word, const Situation& now, float chance,
                                std::vector<Continuation>& out) {
  const Word& next = source_[static_cast<size_t>(word)];
  const auto written = as_written_here(next, word == 0, now);
  if (written.empty()) return;
  const bool unknown = is_unknown(next);
  const bool name = is_upper(next.text[0]) && !now.sentence_begins;
  if (unknown && !name) {
    const auto suggestions = knowledge_.spelling->suggest(next.text, kMostSuggestions);
    const float misspelled = suggestions.empty()            ? 0.0f
                             : suggestions[0].edits <= 1.0f ? kMisspelled
                                                            : kMisspelledFar;
    for (const Spelling::Suggestion& suggestion : suggestions) {
      std::string text(now.at_start ? "" : " ");
      text += suggestion.word;
      if (is_upper(next.text[0]) || now.sentence_begins) capitalise(text, now.at_start ? 0 : 1);
      const auto corrected = encoded(text);
      if (corrected.empty()) continue;
      out.push_back({.tokens = corrected,
                     .chance = chance * misspelled * suggestion.chance,
                     .inner_chance = kInnerKnown,
                     .next_word = word + 1,
                     .next = after(now, true, hash_of(suggestion.word), false),
                     .origin = origin_});
    }
    chance *= suggestions.empty() ? kCopyUnknown : 1.0f - misspelled;
  }
  out.push_back({.tokens = written,
                 .chance = chance,
                 .inner_chance = unknown ? kInnerUnknown : kInnerKnown,
                 .next_word = word + 1,
                 .next = after_word(now, next),
                 .origin = origin_});
}

void Continuations::append_end(const Situation& now, float chance, std::vector<Continuation>& out) {
  const bool after_letters = source_.size() > 0 && source_[source_.size() - 1].kind != WordKind::kMark;
  if (after_letters && now.copied > 0) {
    const auto full_stop = encoded(".");
    if (!full_stop.empty())
      out.push_back({.tokens = full_stop,
                     .chance = chance * kFullStopAfterWord,
                     .next_word = static_cast<int32_t>(source_.size()),
                     .next = after(now, false, hash_of("."), true),
                     .origin = origin_});
  }
  if (knowledge_.vocabulary.end() == kNoToken) return;
  chance *= after_letters && !now.sentence_begins ? kEndAfterWord : kEndAfterMark;
  const auto end = std::span<const TokenId>(encoded_.emplace_back(1, knowledge_.vocabulary.end()));
  out.push_back({.tokens = end, .chance = chance, .next_word = Continuation::kNothing, .origin = origin_});
}

float Continuations::doubt_of(const History::Guess& guess, int32_t word) const {
  if (guess.source_words == 0) return guess.knows_previous ? kDoubtInsertion : kDoubtInsertionWithout;
  if (is_unknown(source_[static_cast<size_t>(word)])) return kDoubtUnknown;
  return guess.knows_previous ? kDoubt : kDoubtWithout;
}

// Edits that were made before, of the words from here on or between the last one and them. Returns the sum of
// their chances.
float Continuations::append_learned(int32_t word, const Situation& now, std::vector<Continuation>& out) {
  learned_.clear();
  knowledge_.history->find_edits(knowledge_.owner, now.previous,
                                 source_.all().subspan(static_cast<size_t>(word)), learned_);
  float sum = 0.0f;
  for (const History::Guess& guess : learned_) {
    const float chance = (1.0f - sum) * static_cast<float>(guess.known.taken) /
                         (static_cast<float>(guess.known.seen) + doubt_of(guess, word));
    if (chance < kLeastLearned) continue;
    const int32_t next_word = word + guess.source_words;
    const size_t before = out.size();
    if (guess.leaves_out) {
      Situation behind = now;
      behind.copied = 0;
      if (next_word < static_cast<int32_t>(source_.size())) append_word(next_word, behind, chance, out);
      for (size_t i = before; i < out.size(); ++i) out[i].origin = Origin::kHistory;
    } else if (const auto tokens = as_written_here(guess.tokens(), now); !tokens.empty()) {
      const Words words(tokens, knowledge_.vocabulary);
      const Word& last = words[words.size() - 1];
      out.push_back({.tokens = tokens,
                     .chance = chance,
                     .inner_chance = kInnerKnown,
                     .next_word = next_word,
                     .next = after(now, true, last.hash, last.ends_sentence()),
                     .origin = Origin::kHistory});
    }
    if (out.size() > before) sum += chance;
  }
  return sum;
}

void Continuations::append(int32_t word, const Situation& now, std::vector<Continuation>& out) {
  const auto left = static_cast<int32_t>(source_.size()) - word;
  float unlearned = 1.0f;
  if (knowledge_.history != nullptr) unlearned -= append_learned(word, now, out);
  if (left <= 0) return append_end(now, unlearned, out);
  const float copied = copy_chance(now, source_[static_cast<size_t>(word)]);
  append_word(word, now, copied * unlearned, out);
  Situation after_edit = now;
  after_edit.copied = 0;
  if (left > 1) append_word(word + 1, after_edit, (1.0f - copied) * kDropWord * unlearned, out);
}

void Continuations::append_said(TokenId token, const Continuation& expected, std::vector<Continuation>& out) {
  const auto said = std::span<const TokenId>(encoded_.emplace_back(1, token));
  if (token == knowledge_.vocabulary.end()) {
    out.push_back(
        {.tokens = said, .chance = 1.0f, .next_word = Continuation::kNothing, .origin = Origin::kLookahead});
    return;
  }
  const auto words = static_cast<int32_t>(source_.size());
  const bool inside_word = !expected.tokens.empty();
  const int32_t here = inside_word ? expected.next_word - 1 : expected.next_word;
  Situation now = expected.next;
  now.copied = 0;
  for (int32_t word = here + 1; !inside_word && word <= std::min(here + kMostLeftOut, words - 1); ++word) {
    const auto written = as_written_here(source_[static_cast<size_t>(word)], false, now);
    if (written.empty() || written.front() != token) continue;
    out.push_back({.tokens = written,
                   .chance = 1.0f,
                   .inner_chance = kInnerKnown,
                   .next_word = word + 1,
                   .next = after_word(now, source_[static_cast<size_t>(word)]),
                   .origin = Origin::kLookahead});
    return;
  }
  const Words written(said, knowledge_.vocabulary);
  float replaces = 0.0f;
  if (here < words && written.size() > 0) {
    const Word& replaced = source_[static_cast<size_t>(here)];
    const bool is_mark = written[0].kind == WordKind::kMark;
    replaces = inside_word || are_similar(written[0].text, replaced.text) ? kReplacesSimilar
               : is_mark && replaced.kind != WordKind::kMark              ? kMarkReplaces
                                                                          : kReplaces;
  }
  const bool ends_sentence = written.size() > 0 && written[written.size() - 1].ends_sentence();
  const Situation next =
      after(now, false, written.size() > 0 ? written[written.size() - 1].hash : 0, ends_sentence);
  if (replaces > 0.0f)
    out.push_back({.tokens = said,
                   .chance = replaces,
                   .next_word = here + 1,
                   .next = next,
                   .origin = Origin::kLookahead});
  out.push_back({.tokens = said,
                 .chance = 1.0f - replaces,
                 .next_word = std::min(here, words),
                 .next = next,
                 .origin = Origin::kLookahead});
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
