#include "api/tool_calls.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "api/chat_request.h"
#include "constraint/matcher.h"
#include "constraint/token_trie.h"
#include "support/babble_model.h"
#include "support/events.h"

namespace riposte::api {
namespace {

using ::testing::ElementsAre;

const std::string kWeather =
    "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Kiel\"}}\n</tool_call>";

// Texts as they are, joined where they touch; calls as "[name arguments]".
std::vector<std::string> shown(const std::vector<std::string>& pieces, ToolFormat format = ToolFormat::kTagged) {
  ToolCallReader reader(format);
  std::vector<std::string> lines;
  bool text_before = false;
  const auto add = [&](const std::vector<ToolCallReader::Piece>& read) {
    for (const ToolCallReader::Piece& piece : read) {
      if (const auto* call = std::get_if<ToolCall>(&piece)) {
        lines.push_back(fmt::format("[{} {}]", call->name, boost::json::serialize(call->arguments)));
        text_before = false;
      } else if (text_before) {
        lines.back() += std::get<std::string>(piece);
      } else {
        lines.push_back(std::get<std::string>(piece));
        text_before = true;
      }
    }
  };
  for (const std::string& piece : pieces) add(reader.push(piece));
  add(reader.finish());
  return lines;
}

TEST(ToolCalls, ABareCallIsTheWholeAnswer) {
  const auto bare = [](const std::vector<std::string>& pieces) { return shown(pieces, ToolFormat::kBare); };
  EXPECT_THAT(bare({" {\"name\": \"weather\", \"para", "meters\": {\"city\": \"Kiel\"}}\n"}),
              ElementsAre("[weather {\"city\":\"Kiel\"}]"));
  EXPECT_THAT(bare({"No ", "{call}"}), ElementsAre("No {call}"));
  EXPECT_THAT(bare({"{\"name\": \"Ada\"}"}), ElementsAre("{\"name\": \"Ada\"}")) << "an answer in JSON";
  EXPECT_THAT(bare({"{\"name\": \"Ada\", \"para"}), ElementsAre("{\"name\": \"Ada\", \"para")) << "cut short";
}

TEST(ToolCalls, TheFormIsThatOfTheTemplate) {
  EXPECT_EQ(tool_format("... <tool_call> ..."), ToolFormat::kTagged);
  EXPECT_EQ(tool_format(R"(Respond in the format {"name": function name, "parameters": dictionary of ...})"),
            ToolFormat::kBare);
  EXPECT_EQ(tool_format(""), ToolFormat::kTagged);
  for (const ToolFormat format : {ToolFormat::kTagged, ToolFormat::kBare}) {
    const CallFrame frame = call_frame(format, "a\"b");
    EXPECT_THAT(shown({frame.before + "{\"x\": 1}" + frame.behind}, format), ElementsAre("[a\"b {\"x\":1}]"));
  }
}

// Whether a text is a whole answer under the constraint of a request.
bool is_whole_answer(const engine::Request& request, const tokenizer::Tokenizer& tokenizer, std::string_view text) {
  const auto tokens = std::make_shared<const constraint::TokenTrie>(
      static_cast<int32_t>(tokenizer.vocabulary_size()),
      [&](TokenId token) { return tokenizer.token_bytes(token); },
      [&](TokenId token) { return tokenizer.is_end(token); });
  constraint::Matcher matcher(request.constraint, tokens);
  if (!matcher.allows(text)) return false;
  matcher.accept(text);
  return matcher.complete();
}

TEST(ToolCalls, BesideAFormTheAnswerIsACallOrHasThatForm) {
  testing::BabbleModel model;
  const std::string body = R"({"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":
      {"name":"a","parameters":{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}}}],
      "response_format":)";
  const std::string schema = R"({"type":"json_schema","json_schema":{"schema":{"enum":[7]}}})";
  const std::string call = "<tool_call>\n{\"name\": \"a\", \"arguments\": {\"n\": 1}}\n</tool_call>";
  const auto read = [&](const std::string& rest) {
    auto generation = read_chat(body + rest + "}", model.served(), {});
    EXPECT_TRUE(generation) << generation.error().message;
    return generation->requests[0];
  };
  const engine::Request strict = read(schema);
  EXPECT_TRUE(is_whole_answer(strict, model.tokenizer, call));
  EXPECT_TRUE(is_whole_answer(strict, model.tokenizer, "7"));
  for (const char* other : {"8", "{}", "seven", "<tool_call>7"}) {
    EXPECT_FALSE(is_whole_answer(strict, model.tokenizer, other)) << other;
  }
  const engine::Request any_object = read(R"({"type":"json_object"})");
  EXPECT_TRUE(is_whole_answer(any_object, model.tokenizer, call));
  EXPECT_TRUE(is_whole_answer(any_object, model.tokenizer, R"({"b": [1]})"));
  EXPECT_FALSE(is_whole_answer(any_object, model.tokenizer, "7"));
  const engine::Request must_call = read(schema + R"(,"tool_choice":"required")");
  EXPECT_TRUE(is_whole_answer(must_call, model.tokenizer, call));
  EXPECT_FALSE(is_whole_answer(must_call, model.tokenizer, "7"));
  const engine::Request may_not = read(schema + R"(,"tool_choice":"none")");
  EXPECT_FALSE(is_whole_answer(may_not, model.tokenizer, call));
  EXPECT_TRUE(is_whole_answer(may_not, model.tokenizer, "7"));
}

TEST(ToolCalls, ACallCanBeRequired) {
  testing::BabbleModel model;
  const auto read = [&](const std::string& choice) {
    return read_chat(R"({"messages":[{"role":"user","content":"x"}],"tools":[
        {"type":"function","function":{"name":"a","parameters":{"type":"object","properties":{}}}},
        {"type":"function","function":{"name":"b"}}],"tool_choice":)" + choice + "}", model.served(), {});
  };
  const auto free = read("\"auto\""), any = read("\"required\""),
             one = read(R"({"type":"function","function":{"name":"b"}})");
  ASSERT_TRUE(free && any && one);
  EXPECT_FALSE(free->requests[0].constraint);
  ASSERT_TRUE(any->requests[0].constraint && one->requests[0].constraint);
  EXPECT_NE(any->requests[0].constraint->key(), one->requests[0].constraint->key());
  const auto refused = read_chat(R"({"messages":[{"role":"user","content":"x"}],"tool_choice":"required",
      "tools":[{"function":{"name":"a"}},{"function":{"name":"b","parameters":{"pattern":"x"}}}]})", model.served(), {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().param, "tools[1].function.parameters");
}

TEST(ToolCalls, TextWithoutCallsStaysAsItIs) {
  EXPECT_THAT(shown({"a <b> ", "c < d\n"}), ElementsAre("a <b> c < d\n"));
  EXPECT_THAT(shown({" ", "\n"}), ElementsAre(" \n"));
  EXPECT_THAT(shown({""}), ElementsAre());
}

TEST(ToolCalls, CallsAreTakenOutWithTheSpaceAroundThem) {
  EXPECT_THAT(shown({kWeather}), ElementsAre("[weather {\"city\":\"Kiel\"}]"));
  EXPECT_THAT(shown({"Let me see.\n" + kWeather + "\n" + kWeather + "\n"}),
              ElementsAre("Let me see.", "[weather {\"city\":\"Kiel\"}]", "[weather {\"city\":\"Kiel\"}]"));
}

TEST(ToolCalls, WhatLooksLikeACallButIsNoneIsText) {
  EXPECT_THAT(shown({"<tool_call>{\"name\": </tool_call>"}),
              ElementsAre("<tool_call>{\"name\": </tool_call>"));
  EXPECT_THAT(shown({"<tool_call>{\"name\": \"\"}</tool_call>!"}),
              ElementsAre("<tool_call>{\"name\": \"\"}</tool_call>!"));
  EXPECT_THAT(shown({"<tool_call>{\"name\": \"x\""}), ElementsAre("<tool_call>{\"name\": \"x\""));
}

TEST(ToolCalls, HoweverAnAnswerIsCutItReadsTheSame) {
  const std::string answer =
      "See: \n" + kWeather + "\n\n" + kWeather + " and <tool_call>{}</tool_call> <tool";
  const auto whole = shown({answer});
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::string> pieces;
    for (size_t at = 0; at < answer.size();) {
      const size_t length = 1 + random() % 12;
      pieces.push_back(answer.substr(at, length));
      at += length;
    }
    ASSERT_EQ(shown(pieces), whole);
  }
}

TEST(ToolCalls, AChatWithToolsAnswersWithCalls) {
  riposte::testing::BabbleModel model;
  const std::string body = R"({"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function"}])";
  const auto generation = read_chat(body + "}", model.served(), {"1", 0, 0});
  ASSERT_TRUE(generation);
  const std::vector<ChoiceAnswer> choices{{{kWeather, {}}, {}}};
  const auto choice = boost::json::parse(generation->writer->whole(choices)).at("choices").at(0);
  EXPECT_EQ(choice.at("finish_reason"), "tool_calls");
  EXPECT_EQ(choice.at("message").at("content"), nullptr);
  const auto call = choice.at("message").at("tool_calls").at(0);
  EXPECT_EQ(call.at("type"), "function");
  EXPECT_EQ(call.at("function"),
            boost::json::parse(R"({"name":"weather","arguments":"{\"city\":\"Kiel\"}"})"));
}

TEST(ToolCalls, AStreamTellsEachCallAtOnce) {
  riposte::testing::BabbleModel model;
  const std::string body =
      R"({"stream":true,"messages":[{"role":"user","content":"x"}],"tools":[{"type":"function"}]})";
  const auto generation = read_chat(body, model.served(), {"1", 0, 0});
  ASSERT_TRUE(generation);
  std::string out;
  generation->writer->begin(out);
  generation->writer->part(0, {kWeather.substr(0, 30), {}}, out);
  generation->writer->part(0, {kWeather.substr(30), {}}, out);
  generation->writer->end(0, {}, out);
  const auto events = riposte::testing::events_of(out);
  ASSERT_EQ(events.size(), 3u);
  const auto call = boost::json::parse(events[1].data).at("choices").at(0).at("delta").at("tool_calls").at(0);
  EXPECT_EQ(call.at("index"), 0);
  EXPECT_EQ(call.at("function").at("name"), "weather");
  EXPECT_EQ(boost::json::parse(events[2].data).at("choices").at(0).at("finish_reason"), "tool_calls");
}

}  // namespace
}  // namespace riposte::api
