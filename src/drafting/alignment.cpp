#include "drafting/alignment.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace riposte::drafting {
namespace {

constexpr size_t kMostOutput = 32;

// The chances of the one who writes, before the next word.
constexpr double kDrop = 0.04;       // drops the next word
constexpr double kDropMore = 0.5;    // ... and, having dropped one, another
constexpr double kInsert = 0.04;     // inserts a word
constexpr double kCopy = 0.85;       // copies the next word
constexpr double kNewCase = 0.7;     // writes it with another capital, if that is how they differ
constexpr double kNewForm = 0.015;   // writes this similar word
constexpr double kReplace = 0.045;   // replaces it by some word
constexpr double kOtherKind = 0.08;  // a letter by a mark and the like: less often by this factor
constexpr double kJoin = 0.05;       // writes two words as one, if that is how they differ
constexpr double kJump = 1e-5;       // goes on anywhere

// How common a word is that comes from nowhere.
double commonness(const Word& word) {
  if (word.kind == WordKind::kMark) return 0.15;
  return word.text.size() <= 3 ? 0.02 : 0.001;
}

double chance_of_writing(const Word& written, const Word& source) {
  if (written.hash == source.hash && same_ignoring_case(written.text, source.text))
    return written.text == source.text ? kCopy : kNewCase;
  const double replaced = kReplace * commonness(written);
  if (written.kind != source.kind) return replaced * kOtherKind;
  return written.kind == WordKind::kLetters && are_similar(written.text, source.text) ? kNewForm : replaced;
}

bool is_joined(const Word& written, const Word& first, const Word& second) {
  return written.text.size() == first.text.size() + second.text.size() && !second.text.empty() &&
         same_ignoring_case(written.text.substr(0, first.text.size()), first.text) &&
         same_ignoring_case(written.text.substr(first.text.size()), second.text);
}

int32_t copied_before(std::span<const Word> source, std::span<const Word> output) {
  int32_t copied = 0;
  while (copied < kMostCopied && static_cast<size_t>(copied) < std::min(source.size(), output.size()) &&
         source[source.size() - 1 - static_cast<size_t>(copied)].text ==
             output[output.size() - 1 - static_cast<size_t>(copied)].text)
    ++copied;
  return copied;
}

// The places with the highest chances, of at[j] to have consumed j source words.
std::vector<Place> likeliest(std::span<const double> at, const Words& source, std::span<const Word> output,
                             size_t most) {
  std::vector<int32_t> order(at.size());
  std::iota(order.begin(), order.end(), 0);
  const size_t count = std::min(most, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<ptrdiff_t>(count), order.end(),
                    [&](int32_t a, int32_t b) {
                      const double chance_a = at[static_cast<size_t>(a)];
                      const double chance_b = at[static_cast<size_t>(b)];
                      return chance_a != chance_b ? chance_a > chance_b : a > b;
                    });
  std::vector<Place> places;
  for (size_t i = 0; i < count; ++i) {
    const auto word = static_cast<size_t>(order[i]);
    places.push_back({.word = order[i],
                      .chance = static_cast<float>(at[word]),
                      .copied = copied_before(source.all().first(word), output)});
  }
  return places;
}

}  // namespace

Alignment align(const Words& source, std::span<const Word> output, size_t most, bool begins_anywhere) {
  if (output.size() > kMostOutput) {
    output = output.last(kMostOutput);
    begins_anywhere = true;
  }
  const size_t size = source.size();
  // at[j]: the chance of having consumed j source words, given the output so far.
  std::vector<double> at(size + 1, begins_anywhere ? 0.5 / static_cast<double>(size + 1) : 0.0);
  at[0] += begins_anywhere ? 0.5 : 1.0;
  std::vector<double> ready(size + 1);
  std::vector<double> next(size + 1);
  double log_odds = 0.0;
  Alignment result;
  for (size_t written = 0; written < output.size(); ++written) {
    const Word& word = output[written];
    if (written + 1 == output.size()) result.before_last = likeliest(at, source, output.first(written), most);
    double dropping = 0.0;
    for (size_t j = 0; j <= size; ++j) {
      ready[j] = (1.0 - kDrop) * at[j] + dropping;
      dropping = dropping * kDropMore + at[j] * kDrop * (1.0 - kDropMore);
    }
    const double common = commonness(word);
    const double jump = kJump / static_cast<double>(size + 1);
    double sum = 0.0;
    for (size_t j = 0; j <= size; ++j) {
      next[j] = ready[j] * kInsert * common;
      if (j >= 1) next[j] += (ready[j - 1] + jump) * chance_of_writing(word, source[j - 1]);
      if (j >= 2 && is_joined(word, source[j - 2], source[j - 1])) next[j] += ready[j - 2] * kJoin;
      sum += next[j];
    }
    // Never zero: something can always be inserted.
    for (double& chance : next) chance /= sum;
    log_odds += std::log(sum / common);
    std::swap(at, next);
  }

  result.rewriting_odds = std::exp(std::clamp(log_odds, -50.0, 50.0));
  result.places = likeliest(at, source, output, most);
  return result;
}

}  // namespace riposte::drafting
