// Chats with an adapter that was trained to rewrite: cut and put together as a rewrite is, told in the chat's
// dialect.
#include "api/chat_rewriting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "api/ollama_request.h"
#include "api/responses_request.h"
#include "support/babble_model.h"

namespace riposte::api {
namespace {

using riposte::testing::BabbleModel;
using ::testing::HasSubstr;
using ::testing::Not;

const RequestContext kContext{"1", 1'700'000'000, 4711};
constexpr const char* kPrompt = "<|im_start|>{text}<|im_end|>";

class ChatRewriting : public ::testing::Test {
 protected:
  ChatRewriting() {
    rewrite::Preset preset = **presets_.find("grammar");
    preset.prompt = kPrompt;
    preset.adapter = 1;
    preset.restrained = true;
    presets_.put(preset);
  }

  ServedModel served() {
    const ServedModel base = model_.served();
    return {.name = base.name,
            .created = base.created,
            .fingerprint = base.fingerprint,
            .tokenizer = base.tokenizer,
            .chat_template = base.chat_template,
            .engine = base.engine,
            .context_length = base.context_length,
            .presets = presets_,
            .adapter = 1,
            .prompt = kPrompt};
  }
  Generation chat(const std::string& text, const std::string& more = "") {
    const std::string body =
        R"({"messages":[{"role":"system","content":"Correct it."},{"role":"user","content":)" +
        boost::json::serialize(boost::json::string(text)) + "}]" + more + "}";
    auto generation = read_chat(body, served(), kContext);
    EXPECT_TRUE(generation) << generation.error().message;
    return std::move(*generation);
  }
  static ChoiceAnswer answered(std::string text, engine::FinishReason reason = engine::FinishReason::kStop,
                               int32_t tokens = 3) {
    ChoiceAnswer answer{{std::move(text), {}}, {}};
    answer.finish.reason = reason;
    answer.finish.usage.output_tokens = tokens;
    return answer;
  }

  BabbleModel model_{512};
  rewrite::Presets presets_ = rewrite::Presets::built_in();
};

TEST_F(ChatRewriting, EachSentenceIsARequestAndTheAnswerIsOne) {
  Generation generation = chat(" He go.  She come back.");
  ASSERT_EQ(generation.requests.size(), 2u);
  EXPECT_LT(generation.requests[0].prompt.size(), 12u) << "instructions are nothing to it";
  EXPECT_EQ(generation.requests[0].adapter, 1);
  const auto answer = boost::json::parse(
      generation.writer->whole(std::vector{answered(" He goes. "), answered("She comes back.")}));
  ASSERT_EQ(answer.at("choices").as_array().size(), 1u);
  EXPECT_EQ(answer.at("choices").at(0).at("message").at("content"), " He goes.  She comes back.");
  EXPECT_EQ(answer.at("choices").at(0).at("finish_reason"), "stop");
  EXPECT_EQ(answer.at("usage").at("completion_tokens"), 6);
}

TEST_F(ChatRewriting, WhatStraysIsNotTaken) {
  const auto answer = boost::json::parse(
      chat("He have 3 cats. She go.")
          .writer->whole(std::vector{answered("He has 4 cats."),
                                     answered("She goes and goes and", engine::FinishReason::kLength)}));
  EXPECT_EQ(answer.at("choices").at(0).at("message").at("content"), "He have 3 cats. She go.");
  EXPECT_EQ(answer.at("choices").at(0).at("finish_reason"), "stop");
}

TEST_F(ChatRewriting, AStreamTellsASentenceWhenItCanBeTaken) {
  Generation generation = chat("He go. She go.", R"(,"stream":true)");
  std::string out;
  generation.writer->begin(out);
  generation.writer->part(1, {"She goes.", {}}, out);
  generation.writer->end(1, answered("").finish, out);
  generation.writer->part(0, {"He goes", {}}, out);
  EXPECT_THAT(out, Not(HasSubstr("goes")));
  generation.writer->part(0, {".", {}}, out);
  generation.writer->end(0, answered("").finish, out);
  generation.writer->done(out);
  EXPECT_THAT(out, HasSubstr(R"("content":"He goes. She goes.")"));
  EXPECT_THAT(out, HasSubstr(R"("finish_reason":"stop")"));
  EXPECT_THAT(out, HasSubstr("[DONE]"));
}

TEST_F(ChatRewriting, ItIsGreedyUnlessATemperatureIsNamed) {
  const Generation plain = chat("He go.");
  EXPECT_EQ(plain.requests[0].sampling.temperature, 0.0f);
  EXPECT_TRUE(plain.repeatable);
  EXPECT_EQ(chat("He go.", R"(,"temperature":0.5)").requests[0].sampling.temperature, 0.5f);
  EXPECT_EQ(chat("He go.", R"(,"n":2)").requests[1].sampling.temperature, 0.0f);
}

TEST_F(ChatRewriting, ALimitIsSharedOutAndOneThatTheTextWouldNotKeepCutsIt) {
  // A token is a byte: 6 + 14.
  const Generation enough = chat("He go. She come back.", R"(,"max_tokens":40)");
  ASSERT_EQ(enough.requests.size(), 2u);
  EXPECT_EQ(enough.requests[0].max_tokens, 12);
  EXPECT_EQ(enough.requests[1].max_tokens, 28);
  const Generation few = chat("He go. She come back.", R"(,"max_tokens":5)");
  ASSERT_EQ(few.requests.size(), 1u);
  EXPECT_EQ(few.requests[0].max_tokens, 5);
  const auto cut = boost::json::parse(
      chat("He go. She come back.", R"(,"max_tokens":5)")
          .writer->whole(std::vector{answered("He go", engine::FinishReason::kLength, 5)}));
  EXPECT_EQ(cut.at("choices").at(0).at("message").at("content"), "He go");
  EXPECT_EQ(cut.at("choices").at(0).at("finish_reason"), "length");
}

TEST_F(ChatRewriting, WhatAsksForMoreThanATextIsSentWhole) {
  for (const char* more : {R"(,"n":2)", R"(,"logprobs":true)", R"(,"stop":"x")", R"(,"max_tokens":0)",
                           R"(,"response_format":{"type":"json_object"})"}) {
    const Generation generation = chat("He go. She go.", more);
    EXPECT_EQ(generation.requests.size(), more == std::string(R"(,"n":2)") ? 2u : 1u) << more;
    EXPECT_GT(generation.requests[0].prompt.size(), 14u) << more;
  }
}

TEST_F(ChatRewriting, EveryDialectOfChatsDoesSo) {
  const std::string said = R"("messages":[{"role":"user","content":"He go. She go."}])";
  const std::string model = "\"model\":\"" + model_.served().name + "\",";
  const std::vector answers = {answered("He goes."),
                               answered("She go went go went go went go went go went go.")};
  const auto content = [&answers](ApiResult<Generation> generation) {
    EXPECT_TRUE(generation) << generation.error().message;
    EXPECT_EQ(generation->requests.size(), 2u);
    EXPECT_EQ(generation->requests[0].sampling.temperature, 0.0f);
    return generation->writer->whole(answers);
  };
  EXPECT_THAT(content(read_ollama_chat("{" + model + said + R"(,"stream":false})", served(), kContext)),
              HasSubstr("\"He goes. She go.\""));
  EXPECT_THAT(content(read_ollama_generate("{" + model + R"("prompt":"He go. She go.","stream":false})",
                                           served(), kContext)),
              HasSubstr("\"He goes. She go.\""));
  EXPECT_THAT(content(read_responses(R"({"input":"He go. She go."})", served(), kContext)),
              HasSubstr("\"He goes. She go.\""));
}

TEST_F(ChatRewriting, AChatWithTheBaseIsNoRewriting) {
  const auto generation =
      read_chat(R"({"messages":[{"role":"user","content":"He go. She go."}]})", model_.served(), kContext);
  ASSERT_TRUE(generation);
  EXPECT_EQ(generation->requests.size(), 1u);
  EXPECT_GT(generation->requests[0].sampling.temperature, 0.0f);
}

}  // namespace
}  // namespace riposte::api
