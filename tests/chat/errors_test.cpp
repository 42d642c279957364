// What is wrong is said with its kind and its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"

namespace riposte::chat {
namespace {

using testing::HasSubstr;

void expect_error(std::string_view source, ErrorCode code, std::string_view place, std::string_view what) {
  const auto rendered = render(source, R"([{"role": "user", "content": "Hello"}])");
  ASSERT_FALSE(rendered) << source;
  EXPECT_EQ(rendered.error().code, code) << rendered.error().message;
  EXPECT_THAT(rendered.error().message, HasSubstr(std::string(place)));
  EXPECT_THAT(rendered.error().message, HasSubstr(std::string(what)));
}

TEST(ChatErrors, ASyntaxErrorNamesItsPlace) {
  expect_error("a\nb {{ 1 + }}", ErrorCode::kCorrupt, "line 2, column 10",
               "expected an expression, found '}}'");
  expect_error("{% if x %}", ErrorCode::kCorrupt, "line 1, column 11", "the end of the template");
  expect_error("{{ 'abc }}", ErrorCode::kCorrupt, "line 1, column 4", "not closed");
  expect_error("{{ x", ErrorCode::kCorrupt, "line 1, column 1", "not closed");
  expect_error("\n{# x", ErrorCode::kCorrupt, "line 2, column 1", "not closed");
  expect_error("{% raw %}", ErrorCode::kCorrupt, "line 1", "endraw");
  expect_error("{{ a ? b }}", ErrorCode::kCorrupt, "line 1, column 6", "'?'");
  expect_error("{{ (1] }}", ErrorCode::kCorrupt, "line 1, column 6", "']'");
  expect_error("{% endif %}", ErrorCode::kCorrupt, "line 1, column 1", "endif");
  expect_error("{% set true = 1 %}", ErrorCode::kCorrupt, "line 1, column 8", "true");
  expect_error("{{ '\\ud800' }}", ErrorCode::kCorrupt, "line 1, column 4", "no Unicode character");
}

TEST(ChatErrors, AnUnsupportedConstructNamesItsPlace) {
  expect_error("\n{% include 'x' %}", ErrorCode::kUnsupported, "line 2, column 1", "the tag 'include'");
  expect_error("{{ 1 | groupby }}", ErrorCode::kUnsupported, "line 1, column 8", "the filter 'groupby'");
  expect_error("{{ 1 is strange }}", ErrorCode::kUnsupported, "line 1, column 9", "the test 'strange'");
  expect_error("{% if true %}{{ 1 | groupby }}{% endif %}", ErrorCode::kUnsupported, "column 21", "groupby");
  expect_error("{{ messages.append(1) }}", ErrorCode::kUnsupported, "line 1", "may not change a list");
  expect_error("{{ '%x' % 1 }}", ErrorCode::kUnsupported, "line 1", "%x");
  expect_error("{{ range }}", ErrorCode::kUnsupported, "line 1", "cannot be written");
}

TEST(ChatErrors, TheTemplatesOwnExceptionIsPassedOn) {
  expect_error("ab\n  {{ raise_exception('Only ' ~ 'users!') }}", ErrorCode::kInvalidArgument, "line 2",
               "Only users!");
}

TEST(ChatErrors, AMistakeAtRunTimeNamesItsPlace) {
  expect_error("{{ gone.x }}", ErrorCode::kInvalidArgument, "line 1, column 8", "'gone' is undefined");
  expect_error("{{ 'a' + 1 }}", ErrorCode::kInvalidArgument, "line 1, column 8", "string and int");
  expect_error("{{ 'a' | trim(1, 2) }}", ErrorCode::kInvalidArgument, "line 1, column 10", "at most 1");
  expect_error("{{ 'a' | indent(depth=2) }}", ErrorCode::kInvalidArgument, "line 1", "'depth'");
  expect_error("{{ 1 % 0 }}", ErrorCode::kInvalidArgument, "line 1", "division by zero");
  expect_error("{{ range(1, 2, 0) }}", ErrorCode::kInvalidArgument, "line 1", "zero");
  expect_error("{{ [1][::0] }}", ErrorCode::kInvalidArgument, "line 1", "zero");
}

TEST(ChatErrors, TextThatIsNotUtf8IsCarriedThrough) {
  const boost::json::array messages{{{"role", "user"}, {"content", "a\xFF\xC3 b\xE2\x82"}}};
  const auto parsed = Template::parse(
      "{{ messages[0].content | trim }}|{{ messages[0].content[1] | length }}|"
      "{{ messages[0].content[::-1] | length }}|{{ messages[0].content.upper() }}");
  ASSERT_TRUE(parsed) << parsed.error().message;
  const auto rendered = parsed->render({messages});
  ASSERT_TRUE(rendered) << rendered.error().message;
  EXPECT_EQ(rendered->text, "a\xFF\xC3 b\xE2\x82|1|7|A\xFF\xC3 B\xE2\x82");
}

}  // namespace
}  // namespace riposte::chat
