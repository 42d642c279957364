// The page and the description of the API.
#include <boost/json.hpp>
#include <string>

#include "running_server.h"
#include "server/assets.h"

namespace riposte::server {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(ServerTest, ThePageIsHandedOutAndMayLoadNothingFromElsewhere) {
  start();
  const Response page = ask(get("/"));
  ASSERT_EQ(page.status, 200);
  EXPECT_EQ(page.headers.at("content-type"), "text/html; charset=utf-8");
  EXPECT_THAT(page.headers.at("content-security-policy"), HasSubstr("default-src 'none'"));
  EXPECT_THAT(page.body, HasSubstr("<!doctype html>"));
}

TEST_F(ServerTest, EverythingThatThePageNamesIsThereAndNothingIsOutside) {
  start();
  for (const Asset& asset : assets()) {
    const Response response = ask(get(asset.path));
    EXPECT_EQ(response.status, 200) << asset.path;
    EXPECT_EQ(response.body, asset.text);
    EXPECT_THAT(response.body, Not(HasSubstr("https://"))) << asset.path;
  }
  const std::string page = ask(get("/")).body;
  for (const std::string attribute : {"src=\"/", "href=\"/"}) {
    for (size_t at = page.find(attribute); at != std::string::npos; at = page.find(attribute, at + 1)) {
      const size_t begin = at + attribute.size() - 1;
      EXPECT_EQ(ask(get(page.substr(begin, page.find('"', begin) - begin))).status, 200);
    }
  }
}

TEST_F(ServerTest, TheDescriptionOfTheApiIsJsonAndNamesItsVersion) {
  start();
  const Response response = ask(get("/openapi.json"));
  EXPECT_EQ(response.headers.at("content-type"), "application/json");
  EXPECT_THAT(response.body, Not(HasSubstr("@")));
  EXPECT_EQ(response.json().at("openapi"), "3.1.0");
}

TEST_F(ServerTest, ThePageAnswersNoOtherMethods) {
  start();
  EXPECT_EQ(ask(post_to("/", "x")).status, 405);
  EXPECT_EQ(ask("OPTIONS / HTTP/1.1\r\nHost: x\r\n\r\n").headers.at("allow"), "GET, HEAD, OPTIONS");
}

}  // namespace
}  // namespace riposte::server
