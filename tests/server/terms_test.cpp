// x-deadline-ms, x-supersedes, and requests that only warm what comes.
#include <boost/json.hpp>
#include <string>
#include <thread>

#include "running_server.h"
#include "server/exchange.h"

namespace riposte::server {
namespace {

using ::testing::HasSubstr;

TEST(Terms, AreReadFromTheirHeaders) {
  const auto now = std::chrono::steady_clock::now();
  const auto terms = read_terms("250", "field 7", now);
  ASSERT_TRUE(terms);
  EXPECT_EQ(terms->deadline, now + std::chrono::milliseconds(250));
  EXPECT_EQ(terms->supersedes, "field 7");
  EXPECT_FALSE(read_terms("", "", now)->deadline);
  for (const char* odd : {"0", "-5", "1.5", "soon", "99999999999999999999", "86400001", "5 ms"}) {
    const auto refused = read_terms(odd, "", now);
    ASSERT_FALSE(refused) << odd;
    EXPECT_EQ(refused.error().param, "x-deadline-ms");
  }
  EXPECT_FALSE(read_terms("", std::string(257, 'x'), now));
}

class TermsTest : public ServerTest {
 protected:
  // An editor's request whose answer is being computed when this returns.
  void type_without_end(RawClient& typing) {
    typing.send(
        post(chat_body("She go", R"("ignore_eos":true,"max_tokens":100000)"), "x-supersedes: editor\r\n"));
    const int64_t before = model_.executor.steps;
    ASSERT_TRUE(eventually([&] { return model_.executor.steps > before + 3; }));
  }
};

TEST_F(TermsTest, ADeadlineThatCannotBeMetIsRefusedAtOnce) {
  start();
  const Response odd = ask(post(chat_body("soon"), "x-deadline-ms: soon\r\n"));
  EXPECT_EQ(odd.status, 400);
  EXPECT_THAT(odd.body, HasSubstr("x-deadline-ms"));
  model_.executor.step_microseconds = 30'000;
  ask(post(chat_body("the server learns how slow it is", R"("max_tokens":25)")));
  const Response late =
      ask(post(chat_body("soon", R"("max_tokens":1000,"ignore_eos":true)"), "x-deadline-ms: 5\r\n"));
  EXPECT_EQ(late.status, 504);
  EXPECT_EQ(late.json().at("error").at("code"), "deadline_exceeded");
  EXPECT_EQ(late.headers.at("x-should-retry"), "false");
  model_.executor.step_microseconds = 0;
  EXPECT_EQ(ask(post(chat_body("some time"), "x-deadline-ms: 60000\r\n")).status, 200);
}

TEST_F(TermsTest, TheNewestKeystrokeWins) {
  start();
  make_answers_endless();
  RawClient typing = connect();
  ASSERT_NO_FATAL_FAILURE(type_without_end(typing));
  const Response newer = ask(post(chat_body("She go to", R"("max_tokens":3)"), "x-supersedes: editor\r\n"));
  EXPECT_EQ(newer.status, 200);
  const Response older = typing.receive();
  EXPECT_EQ(older.status, 499);
  EXPECT_EQ(older.json().at("error").at("code"), "superseded");
  EXPECT_EQ(older.headers.at("x-should-retry"), "false");
  EXPECT_TRUE(engine_comes_to_rest());
}

TEST_F(TermsTest, AnAnswerFromTheCacheSupersedesToo) {
  start();
  const std::string known = post(chat_body("known", R"("max_tokens":3)"), "x-supersedes: editor\r\n");
  ASSERT_EQ(ask(known).status, 200);
  make_answers_endless();
  RawClient typing = connect();
  ASSERT_NO_FATAL_FAILURE(type_without_end(typing));
  EXPECT_EQ(ask(known).status, 200);
  EXPECT_EQ(typing.receive().status, 499);
}

TEST_F(TermsTest, ChoicesOfOneRequestDoNotSupersedeEachOther) {
  start();
  const Response both = ask(post(chat_body("two", R"("n":2,"max_tokens":5)"), "x-supersedes: editor\r\n"));
  EXPECT_EQ(both.status, 200);
  EXPECT_EQ(both.json().at("choices").as_array().size(), 2u);
}

TEST_F(TermsTest, ARequestForNoTokensWarmsWhatComes) {
  start();
  const std::string beginning(200, 'a');
  const Response warm = ask(post(chat_body(beginning, R"("max_tokens":0)")));
  ASSERT_EQ(warm.status, 200);
  EXPECT_EQ(warm.json().at("choices").at(0).at("finish_reason"), "length");
  EXPECT_EQ(warm.json().at("choices").at(0).at("message").at("content"), "");
  EXPECT_EQ(warm.json().at("usage").at("completion_tokens"), 0);
  const Response next = ask(post(chat_body(beginning + "b", R"("max_tokens":3)")));
  EXPECT_GE(next.json().at("usage").at("prompt_tokens_details").at("cached_tokens").as_int64(), 200);
}

}  // namespace
}  // namespace riposte::server
