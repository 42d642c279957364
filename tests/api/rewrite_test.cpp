#include <gmock/gmock.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "api/rewrite_request.h"
#include "rewrite/parts.h"
#include "support/babble_model.h"
#include "support/events.h"

namespace riposte::api {
namespace {

using riposte::testing::BabbleModel;
using riposte::testing::Event;
using riposte::testing::events_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr uint64_t kRandomSeed = 4711;
const RequestContext kContext{"1", 1'700'000'000, kRandomSeed};

RewriteRequest parsed(const std::string& body) {
  const auto request = parse_rewrite_request(body, rewrite::Presets::built_in(), kRandomSeed);
  EXPECT_TRUE(request) << body << ": " << request.error().message;
  return request ? *request : RewriteRequest{};
}

class RewriteTest : public ::testing::Test {
 protected:
  std::unique_ptr<AnswerWriter> writer_for(const std::string& body) {
    auto generation = read_rewrite(body, model_.served(), kContext);
    EXPECT_TRUE(generation) << generation.error().message;
    return std::move(generation->writer);
  }
  boost::json::value whole(const std::string& body, const std::vector<std::string>& answers) {
    std::vector<ChoiceAnswer> choices;
    for (const std::string& answer : answers) choices.push_back({{answer, {}}, {}});
    return boost::json::parse(writer_for(body)->whole(choices));
  }
  std::vector<Event> streamed(const std::string& body, const std::vector<std::string>& pieces) {
    const auto writer = writer_for(body);
    std::string out;
    writer->begin(out);
    for (const std::string& piece : pieces) writer->part(0, {piece, {}}, out);
    writer->end(0, {}, out);
    writer->done(out);
    return events_of(out);
  }

  BabbleModel model_;
};

TEST_F(RewriteTest, GrammarInEnglishIsWhatARequestGetsThatSaysNothingElse) {
  const RewriteRequest request = parsed(R"({"text":"he go"})");
  EXPECT_EQ(request.preset.name, "grammar");
  EXPECT_EQ(request.preset.language, "en");
  EXPECT_EQ(request.preset.sampling.temperature, 0.0f);
  EXPECT_TRUE(request.repeatable);
  EXPECT_FALSE(request.is_list);
}

TEST_F(RewriteTest, APresetOrAnInstructionIsTaken) {
  EXPECT_THAT(parsed(R"({"text":"er geht","preset":"formal","language":"de"})").preset.instruction,
              HasSubstr("Sie"));
  EXPECT_EQ(parsed(R"({"text":"x","instruction":"Shout."})").preset.instruction, "Shout.");
  EXPECT_FALSE(parsed(R"({"text":"x","temperature":1})").repeatable);
  EXPECT_TRUE(parsed(R"({"text":"x","temperature":1,"seed":7})").repeatable);
}

TEST_F(RewriteTest, WhatIsWrongIsRefusedWithTheFieldsName) {
  const std::vector<std::tuple<std::string, std::string, int>> refusals = {
      {"", "", 400},
      {"[]", "", 400},
      {"{}", "text", 400},
      {R"({"text":5})", "text", 400},
      {R"({"text":""})", "text", 400},
      {R"({"text":" \n"})", "text", 400},
      {R"({"text":[]})", "text", 400},
      {R"({"text":["a",""]})", "text[1]", 400},
      {R"({"text":["a",1]})", "text[1]", 400},
      {R"({"text":"a","preset":"pirate"})", "preset", 404},
      {R"({"text":"a","language":"xx"})", "preset", 404},
      {R"({"text":"a","preset":"grammar","instruction":"b"})", "preset", 400},
      {R"({"text":"a","instruction":5})", "instruction", 400},
      {R"({"text":"a","max_tokens":-1})", "max_tokens", 400},
      {R"({"text":"a","temperature":-1})", "temperature", 400},
      {R"({"text":"a","stream":"yes"})", "stream", 400},
      {R"({"text":"a","split":"words"})", "split", 400},
  };
  for (const auto& [body, param, status] : refusals) {
    const auto request = parse_rewrite_request(body, rewrite::Presets::built_in(), kRandomSeed);
    ASSERT_FALSE(request) << body;
    EXPECT_EQ(request.error().param, param) << body;
    EXPECT_EQ(request.error().status, status) << body;
  }
}

TEST_F(RewriteTest, SpaceAroundATextIsKeptFromTheModelAndPutBack) {
  const auto generation = read_rewrite(R"({"text":"\n  he go \n"})", model_.served(), kContext);
  ASSERT_TRUE(generation);
  EXPECT_THAT(model_.tokenizer.decode(generation->requests.at(0).prompt, /*with_control=*/true),
              HasSubstr("user\nhe go<|im_end|>"));
  const auto answer = whole(R"({"text":"\n  he go \n"})", {" he goes\n"});
  EXPECT_EQ(answer.at("text"), "\n  he goes \n");
  EXPECT_EQ(answer.at("edits").as_array().size(), 1u);
}

TEST_F(RewriteTest, AnAnswerTellsItsEditsInCharacters) {
  const auto answer = whole(R"({"text":"\u00dcber 5 he go to Anna."})", {"\u00dcber 5 he goes to her."});
  EXPECT_EQ(answer.at("object"), "rewrite");
  EXPECT_EQ(answer.at("preset"), "grammar");
  EXPECT_EQ(answer.at("unchanged"), false);
  EXPECT_EQ(answer.at("edits"), boost::json::parse(R"([
    {"kind": "replace", "category": "form", "source": {"begin": 10, "end": 12, "text": "go"},
     "result": {"begin": 10, "end": 14, "text": "goes"}},
    {"kind": "replace", "category": "wording", "source": {"begin": 16, "end": 20, "text": "Anna"},
     "result": {"begin": 18, "end": 21, "text": "her"}}])"));
  EXPECT_EQ(answer.at("checks"), boost::json::parse(R"([
    {"begin": 16, "end": 20, "text": "Anna", "kind": "name", "problem": "missing"}])"));
  EXPECT_EQ(answer.at("finish_reason"), "stop");
  EXPECT_TRUE(answer.at("timings").as_object().contains("decode_ms"));
}

TEST_F(RewriteTest, AnUnchangedTextSaysSo) {
  const auto answer = whole(R"({"text":"He goes."})", {"He goes."});
  EXPECT_EQ(answer.at("unchanged"), true);
  EXPECT_EQ(answer.at("edits"), boost::json::array());
  EXPECT_EQ(answer.at("checks"), boost::json::array());
}

TEST_F(RewriteTest, AListIsAnsweredWithAListInItsOrder) {
  const auto answer = whole(R"({"text":["a","b"],"instruction":"x"})", {"A", "B"});
  EXPECT_EQ(answer.at("object"), "list");
  EXPECT_EQ(answer.at("preset"), nullptr);
  EXPECT_EQ(answer.at("data").at(1).at("text"), "B");
  EXPECT_EQ(answer.at("data").at(1).at("index"), 1);
}

constexpr const char* kThree = R"({"text":" He go. She  come!\n\nAll is well. "})";

TEST_F(RewriteTest, EachSentenceIsARequestAndTheResultIsOfTheWholeText) {
  const auto generation = read_rewrite(kThree, model_.served(), kContext);
  ASSERT_TRUE(generation);
  ASSERT_EQ(generation->requests.size(), 3u);
  EXPECT_THAT(model_.tokenizer.decode(generation->requests[1].prompt, /*with_control=*/true),
              HasSubstr("user\nShe  come!<|im_end|>"));
  const auto answer = whole(kThree, {"He goes.", " She  comes! ", "All is well."});
  EXPECT_EQ(answer.at("text"), " He goes. She  comes!\n\nAll is well. ");
  ASSERT_EQ(answer.at("edits").as_array().size(), 2u);
  EXPECT_EQ(answer.at("edits").at(1).at("source"), boost::json::parse(R"({"begin": 13, "end": 17, "text": "come"})"));
  EXPECT_EQ(answer.at("sentences").at("total"), 3);
}

TEST_F(RewriteTest, ATextIsNotSplitWhereTheRequestOrThePresetSaysSo) {
  const auto requests = [&](const std::string& fields) {
    return read_rewrite(R"({"text":"He go. She come.")" + fields + "}", model_.served(), kContext)->requests.size();
  };
  EXPECT_EQ(requests(""), 2u);
  EXPECT_EQ(requests(R"(,"split":"none")"), 1u);
  EXPECT_EQ(requests(R"(,"preset":"formal")"), 1u);
  EXPECT_EQ(requests(R"(,"instruction":"Shout.")"), 1u);
  EXPECT_EQ(requests(R"(,"instruction":"Shout.","split":"sentences")"), 2u);
}

TEST_F(RewriteTest, SentencesMayBeReadyInAnyOrder) {
  const auto writer = writer_for(kThree);
  std::string out;
  writer->part(2, {"All is well.", {}}, out);
  writer->end(2, {}, out);
  writer->part(1, {"She  co", {}}, out);
  EXPECT_EQ(out, "") << "nothing before the first sentence";
  writer->part(0, {"He goes.", {}}, out);
  engine::Finish computed, cut_short;
  computed.usage.passes = 3;
  computed.usage.output_tokens = 10;
  computed.usage.accepted_tokens = 6;
  computed.usage.by_origin[static_cast<size_t>(drafting::Origin::kSource)].accepted = 5;
  cut_short.usage.output_tokens = 2;
  cut_short.reason = engine::FinishReason::kLength;
  writer->end(0, computed, out);
  writer->part(1, {"mes!", {}}, out);
  writer->end(1, cut_short, out);
  std::string text;
  for (const Event& event : events_of(out)) {
    if (event.name == "text") text += boost::json::parse(event.data).at("text").as_string();
  }
  EXPECT_EQ(text, " He goes. She  comes!\n\nAll is well. ");
  const auto result = boost::json::parse(events_of(out).back().data);
  EXPECT_EQ(result.at("text").as_string(), text);
  EXPECT_EQ(result.at("finish_reason"), "length");
  EXPECT_EQ(result.at("sentences"), boost::json::parse(R"({"total": 3, "computed": 1})"));
  EXPECT_EQ(result.at("tokens"), boost::json::parse(R"({"copied": 5, "guessed": 1, "computed": 4, "known": 2})"));
}

TEST_F(RewriteTest, AVeryLongTextGoesInFewerParts) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "He go. ";
  const auto generation = read_rewrite("{\"text\":\"" + text + "\"}", model_.served(), kContext);
  ASSERT_TRUE(generation);
  EXPECT_LE(generation->requests.size(), 1 + rewrite::kMaxSentences);
  EXPECT_GT(generation->requests.size(), rewrite::kMaxSentences / 2);
}

TEST_F(RewriteTest, AStreamTellsTextAndEditsAndTheWholeResultAtTheEnd) {
  const std::string body = R"({"text":"he go to school every day","stream":true})";
  const auto events = streamed(body, {"he goes", " to school", " every day ", "\n"});
  std::string text;
  std::vector<std::string> names;
  for (const Event& event : events) {
    names.push_back(event.name);
    if (event.name == "text") text += boost::json::parse(event.data).at("text").as_string();
  }
  EXPECT_EQ(text, "he goes to school every day");
  EXPECT_THAT(names, ElementsAre("text", "text", "text", "edit", "result", "done"));
  const auto result = boost::json::parse(events[4].data);
  EXPECT_EQ(result.at("text").as_string(), text);
  auto edit = boost::json::parse(events[3].data).as_object();
  EXPECT_EQ(edit["index"], 0);
  edit.erase("index");
  EXPECT_EQ(result.at("edits"), boost::json::array{edit});
}

TEST_F(RewriteTest, AnEmptyAnswerDeletesEverything) {
  const auto answer = whole(R"({"text":"he go"})", {""});
  EXPECT_EQ(answer.at("text"), "");
  EXPECT_EQ(answer.at("edits").at(0).at("kind"), "delete");
}

TEST_F(RewriteTest, PresetsAreListedWithTheirLanguages) {
  const auto list = boost::json::parse(*list_presets("", model_.served()));
  EXPECT_EQ(list.at("object"), "list");
  EXPECT_EQ(list.at("data").as_array().size(), rewrite::Presets::built_in().all().size());
  EXPECT_EQ(list.at("data").at(0).at("id"), "grammar");
}

TEST_F(RewriteTest, WhatTheModelNeedNotReadStandsInTheResultAsItWas) {
  const std::string text = R"(> He go.\nShe go.\n```\nx  =  1\n```\nWe goes.\n-- \nAnna\n)";
  const std::string body = R"({"text":")" + text + R"(","split":"none"})";
  EXPECT_EQ(whole(body, {"She goes.", "We go."}).at("text"),
            "> He go.\nShe goes.\n```\nx  =  1\n```\nWe go.\n-- \nAnna\n");
  EXPECT_EQ(whole(R"({"text":")" + text + R"("})", {"She goes.", "We go."}).at("edits").as_array().size(), 2u);
  const auto all = read_rewrite(R"({"text":")" + text + R"(","split":"none","lean":"edges"})", model_.served(), kContext);
  EXPECT_EQ(all->requests.size(), 1u);
}

TEST_F(RewriteTest, WithoutTheRuleForEdgesTheModelReadsWhiteSpaceAndWritesItsOwn) {
  const std::string body = R"({"text":"  ab \n","split":"none","lean":"none"})";
  EXPECT_EQ(whole(body, {" AB  "}).at("text"), " AB  ");
  EXPECT_EQ(whole(body, {""}).at("text"), "");
  const auto lean = read_rewrite(R"({"text":"  ab \n","split":"none"})", model_.served(), kContext);
  const auto fat = read_rewrite(body, model_.served(), kContext);
  EXPECT_EQ(fat->requests[0].prompt.size(), lean->requests[0].prompt.size() + 4);
}

TEST_F(RewriteTest, AnInstructionOfOnesOwnIsTrimmedUnlessToldOtherwise) {
  const std::string own = R"({"text":"ab","instruction":" Shout. \n\n\n\nNow.\n")";
  const auto lean = read_rewrite(own + "}", model_.served(), kContext);
  const auto same = read_rewrite(R"({"text":"ab","instruction":"Shout.\n\nNow."})", model_.served(), kContext);
  EXPECT_EQ(lean->requests[0].prompt, same->requests[0].prompt);
  const auto fat = read_rewrite(own + R"(,"lean":"edges"})", model_.served(), kContext);
  EXPECT_GT(fat->requests[0].prompt.size(), lean->requests[0].prompt.size());
  EXPECT_EQ(read_rewrite(own + R"(,"lean":"speed"})", model_.served(), kContext).error().param, "lean");
}

TEST_F(RewriteTest, NoTokensMeansThatPromptsAreComputedForWhatFollows) {
  const std::string body = R"({"text":"He go. She go.","max_tokens":0})";
  const auto generation = read_rewrite(body, model_.served(), kContext);
  ASSERT_TRUE(generation) << generation.error().message;
  ASSERT_EQ(generation->requests.size(), 2u);
  for (const auto& request : generation->requests) EXPECT_EQ(request.max_tokens, 0);
  const auto answer = whole(body, {"", ""});
  EXPECT_EQ(answer.at("text"), "");
  EXPECT_EQ(answer.at("unchanged"), false);
  EXPECT_TRUE(answer.at("edits").as_array().empty()) << "nothing was rewritten, so nothing was deleted";
  EXPECT_TRUE(answer.at("checks").as_array().empty());
}

// The answer of these bytes, each of its own token, with where they came from.
ChoiceAnswer traced(const std::string& text, const std::string& origins) {
  ChoiceAnswer answer;
  answer.text = text;
  for (size_t i = 0; i < text.size(); ++i) {
    engine::TokenTrace token{.token = riposte::testing::kFirstByteToken + static_cast<unsigned char>(text[i])};
    token.guessed = origins[i] != '.';
    if (origins[i] == 'h') token.origin = drafting::Origin::kHistory;
    answer.finish.trace.push_back(token);
  }
  return answer;
}

std::string told(const boost::json::value& answer) {
  std::string all;
  for (const auto& origin : answer.at("origins").as_array()) {
    all += fmt::format("{}-{} {}, ", origin.at("begin").as_int64(), origin.at("end").as_int64(),
                       std::string_view(origin.at("origin").as_string()));
  }
  return all;
}

TEST_F(RewriteTest, WhereEachTokenCameFromIsToldWithItsPlaceInTheResult) {
  // White space around an answer is not in the result; the two bytes of an umlaut are one character.
  const std::string body = R"({"text":" ab","split":"none","origins":true})";
  const std::vector<ChoiceAnswer> choices = {traced("  a\xC3\xBC\n", "sssh.s")};
  const auto answer = boost::json::parse(writer_for(body)->whole(choices));
  EXPECT_EQ(answer.at("text"), " a\u00fc");
  EXPECT_EQ(told(answer), "1-2 copied, 2-3 computed, ");
  EXPECT_FALSE(whole(R"({"text":"ab"})", {"ab"}).as_object().contains("origins")) << "only if asked for";
}

TEST_F(RewriteTest, AKnownSentenceHasOneOriginWhicheverIsReadyFirst) {
  const std::string body = R"({"text":"He go. She go.","split":"sentences","origins":true,"stream":true})";
  const auto writer = writer_for(body);
  std::string out;
  const ChoiceAnswer second = traced("Ok.", "sh.");
  writer->part(1, {second.text, {}}, out);
  writer->end(1, second.finish, out);
  writer->part(0, {"He go.", {}}, out);
  writer->end(0, {}, out);
  for (const Event& event : events_of(out)) {
    if (event.name != "result") continue;
    EXPECT_EQ(told(boost::json::parse(event.data)), "0-6 known, 7-8 copied, 8-9 guessed, 9-10 computed, ");
    return;
  }
  FAIL() << "there is no result in: " << out;
}

TEST_F(RewriteTest, ARequestSaysHowSureAnEditMustBe) {
  const auto generation =
      read_rewrite(R"({"text":"he go","edit_confidence":0.8})", model_.served(), kContext);
  ASSERT_TRUE(generation) << generation.error().message;
  EXPECT_FLOAT_EQ(generation->requests[0].edit_confidence, 0.8f);
  EXPECT_EQ(read_rewrite(R"({"text":"he go"})", model_.served(), kContext)->requests[0].edit_confidence, 0.0f);
  for (const char* bad : {"1", "-0.1", "\"high\""}) {
    const auto refused = read_rewrite(std::string(R"({"text":"he go","edit_confidence":)") + bad + "}",
                                      model_.served(), kContext);
    ASSERT_FALSE(refused) << bad;
    EXPECT_EQ(refused.error().status, 400);
    EXPECT_THAT(refused.error().message, HasSubstr("edit_confidence"));
  }
}

}  // namespace
}  // namespace riposte::api
