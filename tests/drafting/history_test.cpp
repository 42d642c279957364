#include "drafting/history.h"

#include <gtest/gtest.h>

#include "drafting/history_drafter.h"
#include "toy_vocabulary.h"

namespace riposte::drafting {
namespace {

const ToyVocabulary& vocabulary() {
  return toy_vocabulary();
}

void learn(History& history, std::string_view source, std::string_view output, uint64_t owner = 0) {
  history.learn(owner, vocabulary().tokens(source), vocabulary().tokens(output), vocabulary());
}

// What is known to take the place of the first words of `rest`, behind `previous`: "text/words", or
// "-/words".
std::vector<std::string> known(const History& history, std::string_view previous, std::string_view rest,
                               uint64_t owner = 0) {
  const Words words(vocabulary().tokens(rest), vocabulary());
  std::vector<History::Guess> guesses;
  history.find_edits(owner, previous.empty() ? 0 : hash_of(previous), words.all(), guesses);
  std::vector<std::string> texts;
  for (const History::Guess& guess : guesses) {
    std::string text;
    for (const TokenId token : guess.tokens()) text += vocabulary().bytes(token);
    texts.push_back((guess.leaves_out ? "-" : text) + "/" + std::to_string(guess.source_words));
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST(History, KnowsTheSecondTimeWhatAWordBecame) {
  History history;
  EXPECT_EQ(known(history, "The", " tecnologies are"), Texts{});
  learn(history, "The tecnologies are new.", "The technologies are new.");
  EXPECT_EQ(known(history, "The", " tecnologies are"), Texts{" technologies/1"});
  EXPECT_EQ(known(history, "red", " tecnologies."), Texts{" technologies/1"}) << "behind another word too";
}

TEST(History, KnowsWhatWasPutInAndLeftOut) {
  History history;
  learn(history, "However she goes to the school.", "However, she goes to school.");
  EXPECT_EQ(known(history, "However", " she"), Texts{",/0"});
  EXPECT_EQ(known(history, "However", " red"), Texts{",/0"}) << "in front of another word too";
  EXPECT_EQ(known(history, "to", " the school"), Texts{"-/1"});
}

TEST(History, WordsAtTheBeginningAreLearnedAsInsideASentence) {
  History history;
  learn(history, "go to school.", "She goes to school.");
  EXPECT_EQ(known(history, "", " go to"), (Texts{" goes/1", " She/0"}));
}

TEST(History, ALearnedEditLosesItsChanceWhereWordsAreKept) {
  History history;
  const auto chance = [&] {
    std::vector<History::Guess> guesses;
    const Words words(vocabulary().tokens(" the house"), vocabulary());
    history.find_edits(0, hash_of("in"), words.all(), guesses);
    return static_cast<double>(guesses.at(0).known.taken) / guesses.at(0).known.seen;
  };
  learn(history, "She was in the house.", "She was in a house.");
  EXPECT_EQ(chance(), 1.0);
  learn(history, "It was in the house.", "It was in the house.");
  EXPECT_EQ(chance(), 0.5);
}

TEST(History, NobodyLearnsFromAnotherOwner) {
  History history;
  learn(history, "The tecnologies are new.", "The technologies are new.", 1);
  EXPECT_EQ(known(history, "The", " tecnologies", 2), Texts{});
  EXPECT_FALSE(history.find_next(2, vocabulary().tokens(" technologies are")));
  EXPECT_TRUE(history.find_next(1, vocabulary().tokens(" technologies are")));
}

TEST(History, AnAnswerThatIsNoRewritingTeachesNoEdits) {
  History history;
  learn(history, "The tecnologies are new.", "She goes to school every day and likes it.");
  EXPECT_EQ(known(history, "The", " tecnologies are"), Texts{});
}

TEST(History, AnythingMayBeLearnedWithinItsBytes) {
  History history(1 << 14);
  const size_t bytes = history.bytes();
  learn(history, "", "");
  learn(history, "red", "");
  learn(history, "", "red");
  std::string text;
  for (int i = 0; i < 4000; ++i) text += i % 3 == 0 ? " red" : " word" + std::to_string(i);
  learn(history, text, text);
  learn(history, text.substr(0, 900), text.substr(40, 900));
  EXPECT_EQ(history.bytes(), bytes);
}

TEST(HistoryDrafter, ProposesWhatFollowedBefore) {
  History history;
  for (int i = 0; i < 30; ++i) learn(history, "", "Here are red roses and a house.");
  const HistoryDrafter drafter(history);
  const auto output = vocabulary().tokens("Why? Here are red");
  Draft draft;
  drafter.propose({.output = output, .most_tokens = 64}, draft);
  ASSERT_TRUE(is_valid(draft, vocabulary().size()));
  std::vector<TokenId> chain;
  first_chain(draft, 100, chain);
  EXPECT_EQ(vocabulary().text(chain), " roses and a house.");
  EXPECT_EQ(draft.origins, std::vector(draft.size(), Origin::kHistory));

  draft.clear();
  drafter.propose({.output = output, .most_tokens = 2}, draft);
  EXPECT_EQ(draft.size(), 2u);
  draft.clear();
  drafter.propose({.output = output, .most_tokens = 64, .owner = 1}, draft);
  drafter.propose({.output = output, .most_tokens = 64, .use_history = false}, draft);
  drafter.propose({.most_tokens = 64}, draft);
  EXPECT_TRUE(draft.empty());
}

}  // namespace
}  // namespace riposte::drafting
