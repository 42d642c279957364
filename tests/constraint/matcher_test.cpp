#include "constraint/matcher.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "toy_tokens.h"

namespace riposte::constraint {
namespace {

constexpr std::string_view kSchemas[] = {
    "{}",
    R"({"type": "object"})",
    R"({"type": "string", "maxLength": 40})",
    R"({"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 5})",
    R"({"properties": {"name": {"type": "string", "minLength": 1, "maxLength": 3}, "a": {"enum": ["x", "xy", 12, null]},
        "list": {"items": {"$ref": "#"}}}, "required": ["a"], "additionalProperties": {"type": ["integer", "null"]}})",
    R"({"anyOf": [{"const": "abc"}, {"type": "string"}, {"properties": {"a": {"type": "string"}}, "required": ["a"]},
        {"properties": {"a": {"$ref": "#"}, "name": {"type": "boolean"}}, "required": ["a", "name"]}]})",
    R"({"$ref": "#/$defs/n", "$defs": {"n": {"type": "object", "properties": {"abc": {"type": "integer"},
        "next": {"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]}}, "required": ["abc", "next"]}}})",
};

// The allowed tokens by asking for each of them.
TokenSet allowed_one_by_one(Matcher& matcher) {
  TokenSet set(toy_tokens().trie->words());
  for (TokenId token = 0; token < toy_tokens().size(); ++token) {
    const bool allowed =
        token == ToyTokens::kEnd ? matcher.complete() : matcher.allows(toy_tokens().bytes(token));
    if (allowed) insert(set, token);
  }
  return set;
}

TEST(Matcher, AllowsTogetherWhatItAllowsOneByOne) {
  for (const std::string_view schema : kSchemas) {
    std::mt19937 random(7);
    for (int walk = 0; walk < 20; ++walk) {
      Matcher matcher = match(schema);
      TokenSet allowed;
      for (int step = 0; step < 40; ++step) {
        matcher.allowed(allowed);
        ASSERT_EQ(allowed, allowed_one_by_one(matcher)) << schema;
        std::vector<TokenId> choices;
        for (TokenId token = 1; token < toy_tokens().size(); ++token) {
          if (contains(allowed, token)) choices.push_back(token);
        }
        if (choices.empty()) break;
        matcher.accept(toy_tokens().bytes(choices[random() % choices.size()]));
      }
    }
  }
}

// What an answer becomes of which each token is any allowed one. Quotes and brackets are taken more often, so
// that it comes to an end.
std::string random_answer(Matcher matcher, std::mt19937& random) {
  std::string text;
  TokenSet allowed;
  for (int step = 0; step < 100'000; ++step) {
    matcher.allowed(allowed);
    if (contains(allowed, ToyTokens::kEnd) && random() % 2 == 0) return text;
    std::vector<TokenId> choices, closing;
    for (TokenId token = 1; token < toy_tokens().size(); ++token) {
      if (!contains(allowed, token)) continue;
      choices.push_back(token);
      const std::string_view bytes = toy_tokens().bytes(token);
      if (bytes == "\"" || bytes == "}" || bytes == "]" || bytes == "null") closing.push_back(token);
    }
    if (choices.empty()) {
      EXPECT_TRUE(matcher.complete()) << "stuck behind " << text;
      return text;
    }
    const std::vector<TokenId>& from = !closing.empty() && random() % 3 == 0 ? closing : choices;
    const std::string_view chosen = toy_tokens().bytes(from[random() % from.size()]);
    text += chosen;
    matcher.accept(chosen);
  }
  ADD_FAILURE() << "no end";
  return text;
}

TEST(Matcher, ARandomWalkAlwaysEndsInJsonThatFits) {
  for (const std::string_view schema : kSchemas) {
    std::mt19937 random(11);
    for (int walk = 0; walk < 100; ++walk) {
      const std::string text = random_answer(match(schema), random);
      boost::json::error_code failed;
      boost::json::parse(text, failed);
      EXPECT_FALSE(failed) << schema << "\n" << text;
      EXPECT_TRUE(fits(schema, text)) << schema << "\n" << text;
    }
  }
}

TEST(Matcher, NothingMayFollowWhatIsNotAllowed) {
  Matcher matcher = match(R"({"type": "null"})");
  EXPECT_FALSE(matcher.allows(""));
  matcher.accept("nix");
  EXPECT_FALSE(matcher.complete());
  TokenSet allowed;
  matcher.allowed(allowed);
  for (TokenId token = 0; token < toy_tokens().size(); ++token) EXPECT_FALSE(contains(allowed, token));
}

TEST(Matcher, AskingChangesNothing) {
  Matcher matcher = match(R"({"type": "array", "items": {"type": "string"}})");
  matcher.accept("[\"a");
  TokenSet before, after;
  matcher.allowed(before);
  EXPECT_TRUE(matcher.allows("b\", \"c\"]"));
  EXPECT_FALSE(matcher.allows("b\"x"));
  matcher.allowed(after);
  EXPECT_EQ(before, after);
}

TEST(Matcher, ManyEqualAlternativesAreOne) {
  // Each level has two ways to the next: 2^30 ways to the string.
  std::string schema = R"({"$ref": "#/$defs/0", "$defs": {)";
  for (int level = 0; level < 30; ++level) {
    schema += fmt::format(R"("{}": {{"anyOf": [{{"$ref": "#/$defs/{}"}}, {{"$ref": "#/$defs/{}"}}]}},)",
                          level, level + 1, level + 1);
  }
  schema += R"("30": {"type": "string"}}})";
  EXPECT_TRUE(fits(schema, "\"text\""));
}

TEST(Matcher, ALongAnswerKeepsItsMemoryBounded) {
  Matcher matcher = match(R"({"type": "array", "items": {"type": "array", "items": {}}})");
  matcher.accept("[");
  for (int i = 0; i < 20'000; ++i) matcher.accept(R"([1, {"a": [true]}], )");
  matcher.accept("[]]");
  EXPECT_TRUE(matcher.complete());
}

}  // namespace
}  // namespace riposte::constraint
