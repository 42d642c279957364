#include "apps/bench_sentences.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "apps/line_reader.h"

namespace riposte::apps {
namespace {

constexpr std::array kOwn = {
    "The train to the coast leaves at nine.",
    "She go to the market every days and buy two apple .",
    "I has never saw such a beautiful garden before; it was full of red roses.",
    "Short.",
    "We discussed about the problem with Mr. Okafor on 12 March , and he agree to pay 350 euros.",
    "Er hat gestern 3 Briefe geschrieben, aber keinen abgeschickt.",
    "In the north of the island there is an old lighthouse which was built, after a storm had sunk four ships in one "
    "night, by the people of the village themselves.",
    "their are to many reason for dont using a car in a big citys",
    "Please send me the informations until Friday, otherwise I can not finish the report in time.",
    "The committee, whose members had been appointed in 2019, utilised a methodology that necessitated considerable "
    "expenditure.",
    "Can you tell me where is the nearest pharmacy?",
    "Ünïcödé and 日本語 and emoji 🙂 must stay as they is.",
};

Result<void> append_lines(const std::string& path, std::vector<std::string>& out) {
  auto file = LineReader::open(path);
  if (!file) return pass_on(file);
  for (;;) {
    auto line = file->next();
    if (!line) return tl::unexpected(line.error().within(path));
    if (!*line) return {};
    if ((*line)->find_first_not_of(" \t") != std::string::npos) out.push_back(std::move(**line));
  }
}

}  // namespace

void add_sentence_options(CLI::App& command, SentenceChoice& choice) {
  command.add_option("--sentences", choice.files,
                     "files with a sentence a line; a few of Riposte's own if not given");
  command.add_option("--from", choice.from, "the number of the first sentence, from 0")->check(CLI::Range(0, 1 << 30));
  command.add_option("--count", choice.count, "so many sentences at most")->check(CLI::Range(1, 1 << 30));
}

Result<std::vector<std::string>> bench_sentences(const SentenceChoice& choice) {
  std::vector<std::string> all;
  if (choice.files.empty()) all.assign(kOwn.begin(), kOwn.end());
  for (const std::string& path : choice.files) {
    if (auto appended = append_lines(path, all); !appended) return pass_on(appended);
  }
  const auto begin = all.begin() + std::min<std::ptrdiff_t>(choice.from, std::ssize(all));
  const auto end = begin + std::min<std::ptrdiff_t>(choice.count, all.end() - begin);
  if (begin == end)
    return fail(ErrorCode::kInvalidArgument, "there are no sentences from number {} on", choice.from);
  return std::vector<std::string>(std::make_move_iterator(begin), std::make_move_iterator(end));
}

}  // namespace riposte::apps
