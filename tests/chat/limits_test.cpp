// No template and no message makes a rendering run on, grow or go deep without end.
#include <gtest/gtest.h>

#include <string>

#include "support.h"

namespace riposte::chat {
namespace {

constexpr std::string_view kMessages = R"([{"role": "user", "content": "Hello"}])";

void expect_too_large(std::string_view source, const RenderLimits& limits = {}) {
  const auto rendered = render(source, kMessages, limits);
  ASSERT_FALSE(rendered) << source.substr(0, 100);
  EXPECT_EQ(rendered.error().code, ErrorCode::kTooLarge) << rendered.error().message;
}

std::string repeated(std::string_view what, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i) text += what;
  return text;
}

TEST(ChatLimits, NestedLoopsEndAtTheStepLimit) {
  expect_too_large("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}");
}

TEST(ChatLimits, AnIntermediateStringCannotFillTheMemory) {
  expect_too_large("{{ ('x' * 10 ** 9) | length }}");
  expect_too_large("{{ ('x' * 9223372036854775807) | length }}");
  expect_too_large(
      "{% set ns = namespace(t='xxxxxxxxxx') %}{% for i in range(60) %}{% set ns.t = ns.t + ns.t %}{% endfor "
      "%}");
}

TEST(ChatLimits, AListCannotFillTheMemory) {
  expect_too_large("{{ ([0] * 10 ** 12) | length }}");
  expect_too_large("{{ range(10 ** 12) | length }}");
  expect_too_large(
      "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}");
  expect_too_large("{{ [1] | batch(10 ** 12, 0) | list }}");
}

TEST(ChatLimits, AnIntegerBeyond64BitsIsAnError) {
  expect_too_large("{{ 10 ** 19 }}");
  expect_too_large("{{ 9223372036854775807 + 1 }}");
  expect_too_large("{{ (-9223372036854775807 - 1) // -1 }}");
  expect_too_large("{{ -(-9223372036854775807 - 1) }}");
  expect_too_large("{{ 99999999999 * 99999999999 }}");
  expect_too_large("{{ 10000000000000000000 }}");
  expect_too_large("{{ '99999999999999999999' | int }}");
}

TEST(ChatLimits, AMacroThatCallsItselfEndsAtTheDepthLimit) {
  expect_too_large("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}");
  expect_too_large("{% macro f(x) %}{{ f([x]) }}{% endmacro %}{{ f(1) }}");
  expect_too_large("{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}");
}

TEST(ChatLimits, AValueNestedTooDeepIsNotWritten) {
  const std::string build =
      "{% set ns = namespace(l=[]) %}{% for i in range(9999) %}{% set ns.l = [ns.l] %}{% endfor %}";
  expect_too_large(build + "{{ ns.l }}");
  expect_too_large(build + "{{ ns.l | tojson }}");
  expect_too_large(build + "{{ ns.l == [ns.l[0]] }}{{ [ns.l] == [[ns.l[0]]] }}{{ [ns.l] == [ns.l] }}");
}

TEST(ChatLimits, DeepSyntaxIsRefusedByTheParser) {
  for (const std::string& source :
       {"{{ " + repeated("(", 5000) + "1" + repeated(")", 5000) + " }}",
        "{{ " + repeated("[", 5000) + repeated("]", 5000) + " }}", "{{ " + repeated("not ", 5000) + "1 }}",
        "{{ " + repeated("-", 5000) + "1 }}", "{{ a" + repeated(".b", 5000) + " }}",
        "{{ a" + repeated("|trim", 5000) + " }}", "{{ 1" + repeated(" if 1 else 1", 5000) + " }}",
        repeated("{% if 1 %}", 5000), repeated("{% for x in y %}", 5000),
        "{% set " + repeated("(", 5000) + "a" + repeated(")", 5000) + " = 1 %}"}) {
    const auto parsed = Template::parse(source);
    ASSERT_FALSE(parsed) << source.substr(0, 40);
    EXPECT_EQ(parsed.error().code, ErrorCode::kTooLarge) << parsed.error().message;
  }
}

TEST(ChatLimits, ALongChainIsNotDeep) {
  const auto sum = render("{{ 0" + repeated(" + 1", 5000) + " }}", kMessages);
  ASSERT_TRUE(sum) << sum.error().message;
  EXPECT_EQ(sum->text, "5000");
  EXPECT_TRUE(
      render("{{ 1" + repeated(" and 1", 5000) + " }}" + repeated("{% set x = 1 %}", 5000), kMessages));
  EXPECT_TRUE(render("{% if 0 %}" + repeated("{% elif 0 %}", 5000) + "{% endif %}", kMessages));
}

TEST(ChatLimits, DeepMessagesAreRefused) {
  boost::json::value deep = 1;
  for (int i = 0; i < 5000; ++i) deep = boost::json::array{std::move(deep)};
  const boost::json::array messages{std::move(deep)};
  const auto parsed = Template::parse("{{ messages | length }}");
  ASSERT_TRUE(parsed);
  const auto rendered = parsed->render({messages});
  ASSERT_FALSE(rendered);
  EXPECT_EQ(rendered.error().code, ErrorCode::kTooLarge);
}

TEST(ChatLimits, OutputEndsAtItsLimit) {
  RenderLimits limits;
  limits.max_output_bytes = 10;
  EXPECT_TRUE(render("1234567890", kMessages, limits));
  expect_too_large("12345678901", limits);
  expect_too_large("{{ [1, 2, 3, 4, 5] | tojson }}", limits);
  expect_too_large("{% set x %}12345678901{% endset %}", limits);
}

TEST(ChatLimits, AMegabyteOfTextIsRendered) {
  const std::string content(1 << 20, 'x');
  const auto rendered = render("{{ '<' + messages[0].content | trim + '>' }}",
                               R"([{"role": "user", "content": ")" + content + R"("}])");
  ASSERT_TRUE(rendered) << rendered.error().message;
  EXPECT_EQ(rendered->text.size(), content.size() + 2);
}

TEST(ChatLimits, ATemplateOfMoreThanAMegabyteIsRefused) {
  const auto parsed = Template::parse(std::string((1 << 20) + 1, 'x'));
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace riposte::chat
