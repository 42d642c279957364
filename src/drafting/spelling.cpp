#include "drafting/spelling.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string>

namespace riposte::drafting {
namespace {

constexpr size_t kLetters = 26;

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

std::string in_lower_case(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

uint32_t letters_of(std::string_view word) {
  uint32_t letters = 0;
  for (const char c : word) letters |= 1u << (c - 'a');
  return letters;
}

// Edits from one word to another: letters inserted, left out, replaced, or two neighbours exchanged. A letter
// doubled or made single is half an edit.
float edits(std::string_view a, std::string_view b) {
  constexpr size_t kMost = 27;
  std::array<std::array<float, kMost>, 3> rows;
  if (a.size() >= kMost || b.size() >= kMost) return 99.0f;
  const auto single = [](std::string_view word, size_t i) {
    return i >= 2 && word[i - 1] == word[i - 2] ? 0.5f : 1.0f;
  };
  rows[0][0] = 0;
  for (size_t j = 1; j <= b.size(); ++j) rows[0][j] = rows[0][j - 1] + single(b, j);
  for (size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    row[0] = above[0] + single(a, i);
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j - 1] + (a[i - 1] == b[j - 1] ? 0.0f : 1.0f), above[j] + single(a, i),
                         row[j - 1] + single(b, j)});
      if (i >= 2 && j >= 2 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], two_above[j - 2] + 1.0f);
    }
  }
  return rows[a.size() % 3][b.size()];
}

}  // namespace

Spelling::Spelling(const Vocabulary& vocabulary)
    : vocabulary_(vocabulary), buckets_(kLetters * (kLongest + 1)) {
  for (TokenId token = 0; token < vocabulary.size(); ++token) {
    const std::string_view bytes = vocabulary.bytes(token);
    if (bytes.size() < kShortest + 1 || bytes.size() > kLongest + 1 || bytes[0] != ' ') continue;
    const std::string_view word = bytes.substr(1);
    if (!std::ranges::all_of(word, is_lower)) continue;
    buckets_[static_cast<size_t>(word[0] - 'a') * (kLongest + 1) + word.size()].push_back(
        {token, letters_of(word)});
  }
}

const std::vector<Spelling::Entry>& Spelling::bucket(char first, size_t length) const {
  return buckets_[static_cast<size_t>(first - 'a') * (kLongest + 1) + length];
}

bool Spelling::knows(std::string_view word) const {
  const std::string lower = in_lower_case(word);
  if (lower.size() < kShortest || lower.size() > kLongest || !std::ranges::all_of(lower, is_lower))
    return false;
  return std::ranges::any_of(bucket(lower[0], lower.size()),
                             [&](const Entry& entry) { return word_of(entry) == lower; });
}

std::vector<Spelling::Suggestion> Spelling::suggest(std::string_view word, size_t most) const {
  std::vector<Suggestion> found;
  const std::string lower = in_lower_case(word);
  if (lower.size() < 4 || lower.size() > kLongest || !std::ranges::all_of(lower, is_lower)) return found;
  const uint32_t letters = letters_of(lower);
  const float most_edits = lower.size() <= 5 ? 1.0f : 2.0f;
  const auto reach = static_cast<size_t>(most_edits);
  for (size_t length = lower.size() - reach; length <= std::min(lower.size() + reach, kLongest); ++length) {
    for (const Entry& entry : bucket(lower[0], length)) {
      // An edit changes two letters of the set at most.
      if (std::popcount(entry.letters ^ letters) > 2 * static_cast<int>(reach)) continue;
      const std::string_view candidate = word_of(entry);
      const float distance = edits(lower, candidate);
      if (distance == 0.0f || distance > most_edits) continue;
      const float weight = std::exp(-2.5f * distance) / (2000.0f + static_cast<float>(entry.token));
      found.push_back({candidate, distance, weight});
    }
  }
  std::ranges::sort(found, [](const Suggestion& a, const Suggestion& b) {
    return a.chance != b.chance ? a.chance > b.chance : a.word < b.word;
  });
  float sum = 0.0f;
  for (const Suggestion& suggestion : found) sum += suggestion.chance;
  if (found.size() > most) found.resize(most);
  for (Suggestion& suggestion : found) suggestion.chance /= sum;
  return found;
}

}  // namespace riposte::drafting
