#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "constraint/schema.h"
#include "toy_tokens.h"

namespace riposte::constraint {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kPerson = R"({"type": "object", "properties": {
    "name": {"type": "string"}, "age": {"type": "integer"}, "tags": {"type": "array", "items": {"type": "string"}}},
    "required": ["name"], "additionalProperties": false})";

TEST(Schema, AnObjectHasItsPropertiesInTheirOrderAndLeavesOutOnlyOptionalOnes) {
  EXPECT_TRUE(fits(kPerson, R"({"name": "Ada", "age": 36, "tags": ["x", "y"]})"));
  EXPECT_TRUE(fits(kPerson, R"({"name":"Ada"})"));
  EXPECT_TRUE(fits(kPerson, R"({"name":"Ada","tags":[]})"));
  EXPECT_TRUE(fits(kPerson, "{\n  \"name\": \"Ada\",\n  \"age\": -3\n}"));
  EXPECT_FALSE(fits(kPerson, R"({"age": 36})")) << "name is required";
  EXPECT_FALSE(fits(kPerson, R"({})"));
  EXPECT_FALSE(fits(kPerson, R"({"age": 36, "name": "Ada"})")) << "not the order";
  EXPECT_FALSE(fits(kPerson, R"({"name": "Ada", "size": 3})")) << "no such property";
  EXPECT_FALSE(fits(kPerson, R"({"name": "Ada",})"));
  EXPECT_FALSE(fits(kPerson, R"({"name": "Ada", "age": 3.5})"));
  EXPECT_FALSE(fits(kPerson, R"({"name": 3})"));
}

TEST(Schema, AllPropertiesMayBeLeftOutWhereNoneIsRequired) {
  constexpr std::string_view kSchema =
      R"({"type": "object", "properties": {"a": {"type": "null"}, "b": {"type": "boolean"}}})";
  for (const char* text : {"{}", "{ }", R"({"a": null})", R"({"b": true})", R"({"a":null,"b":false})"}) {
    EXPECT_TRUE(fits(kSchema, text)) << text;
  }
  for (const char* text :
       {"", "{,}", R"({"b": true, "a": null})", R"({"a": null, "a": null})", R"({"c": 1})"}) {
    EXPECT_FALSE(fits(kSchema, text)) << text;
  }
}

TEST(Schema, AdditionalPropertiesComeBehindAndAreNoneOfTheDeclared) {
  constexpr std::string_view kSchema =
      R"({"type": "object", "properties": {"né": {"type": "null"}, "no\"": {}},
      "additionalProperties": {"type": "integer"}})";
  EXPECT_TRUE(fits(kSchema, R"({"né": null, "x": 1, "yy": 2})"));
  EXPECT_TRUE(fits(kSchema, R"({"n": 1})"));
  EXPECT_TRUE(fits(kSchema, R"({"nox": 1, "néé": 2, "": 3, "käse": 4})"));
  EXPECT_FALSE(fits(kSchema, R"({"né": 1})"));
  EXPECT_FALSE(fits(kSchema, R"({"x": 1, "né": 1})"));
  EXPECT_FALSE(fits(kSchema, R"({"x": 1, "no\"": 1})"));
  EXPECT_FALSE(fits(kSchema, R"({"n\u00e9": 1})")) << "the same name, written otherwise";
  EXPECT_FALSE(fits(kSchema, R"({"x": "one"})"));
}

TEST(Schema, ARequiredPropertyThatIsNotDescribedIsWrittenAllTheSame) {
  EXPECT_TRUE(fits(R"({"required": ["a"]})", R"({"a": [1, {"b": null}]})"));
  EXPECT_FALSE(fits(R"({"required": ["a"]})", R"({"b": 1})"));
  EXPECT_TRUE(fits(R"({"required": ["a"], "properties": {"b": {"const": 1}}})", R"({"b": 1, "a": 2})"));
  EXPECT_THAT(
      compile(R"({"required": ["a"], "properties": {}, "additionalProperties": false})").error().message,
      HasSubstr("no value fits"));
}

TEST(Schema, NumbersAreThoseOfJson) {
  for (const char* text : {"0", "-0", "12", "-1.5", "0.25", "1e5", "1E-05", "2.5e+10"}) {
    EXPECT_TRUE(fits(R"({"type": "number"})", text)) << text;
  }
  for (const char* text : {"", "-", "01", "1.", ".5", "+1", "1e", "0x1", "1e999", "NaN"}) {
    EXPECT_FALSE(fits(R"({"type": "number"})", text)) << text;
  }
  EXPECT_TRUE(fits(R"({"type": "integer"})", "-120"));
  EXPECT_FALSE(fits(R"({"type": "integer"})", "1.0"));
  EXPECT_FALSE(fits(R"({"type": "integer"})", "1234567890123456789012")) << "beyond 64 bits";
}

TEST(Schema, StringsAreUtf8WithTheEscapesOfJson) {
  constexpr std::string_view kSchema = R"({"type": "string"})";
  for (const char* text : {R"("")", R"("a\n\"\\\/ b")", "\"ü€😀\"", R"("\u00e9 \ud83d\ude00")"}) {
    EXPECT_TRUE(fits(kSchema, text)) << text;
  }
  for (const char* text :
       {"\"", "\"a\nb\"", R"("\x")", R"("\u12")", R"("\ud83d")", R"("\ude00")", "\"\xC3\"", "\"\xFF\"",
        "\"\xC0\x80\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xE0\x80\x80\""}) {
    EXPECT_FALSE(fits(kSchema, text)) << text;
  }
}

TEST(Schema, LengthsCountCharactersHoweverTheyAreWritten) {
  constexpr std::string_view kSchema = R"({"type": "string", "minLength": 2, "maxLength": 3})";
  for (const char* text : {R"("ab")", "\"ü€😀\"", R"("a\n\ud83d\ude00")"})
    EXPECT_TRUE(fits(kSchema, text)) << text;
  for (const char* text : {R"("")", R"("a")", R"("abcd")", R"("\u00e9")"})
    EXPECT_FALSE(fits(kSchema, text)) << text;
  EXPECT_FALSE(may_begin(kSchema, "\"abcd"));
  EXPECT_TRUE(fits(R"({"minLength": 1})", R"("any length")"));
  EXPECT_TRUE(fits(R"({"maxLength": 0})", R"("")"));
}

TEST(Schema, ArraysHaveAsManyItemsAsTheyMay) {
  constexpr std::string_view kSchema =
      R"({"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3})";
  for (const char* text : {"[1]", "[1, 2]", "[1,2,3]", "[\n  1,\n  2\n]"})
    EXPECT_TRUE(fits(kSchema, text)) << text;
  for (const char* text : {"[]", "[1,2,3,4]", "[1,]", "[true]", "[1 2]"})
    EXPECT_FALSE(fits(kSchema, text)) << text;
  EXPECT_TRUE(fits(R"({"type": "array", "maxItems": 0})", "[]"));
  EXPECT_FALSE(fits(R"({"type": "array", "maxItems": 0})", "[1]"));
  EXPECT_TRUE(fits(R"({"minItems": 2})", R"([1, "x", [], {}])"));
  EXPECT_FALSE(fits(R"({"minItems": 2})", "[1]"));
}

TEST(Schema, EnumsAndConstantsAreTheirValues) {
  constexpr std::string_view kSchema = R"({"enum": ["red", "reddish", 1, 2.5, null, {"a": [true]}, "q\"u"]})";
  for (const char* text : {R"("red")", R"("reddish")", "1", "2.5", "null", R"({"a":[true]})", R"("q\"u")"}) {
    EXPECT_TRUE(fits(kSchema, text)) << text;
  }
  for (const char* text : {R"("re")", R"("reddi")", "2", "true"}) EXPECT_FALSE(fits(kSchema, text)) << text;
  EXPECT_FALSE(fits(R"({"type": "string", "enum": ["a", 1]})", "1")) << "not of the type";
  EXPECT_TRUE(fits(R"({"const": "only"})", R"("only")"));
  EXPECT_TRUE(fits(R"({"type": "integer", "enum": [1, 12, 123]})", "12"));
}

TEST(Schema, AnyOfAndSeveralTypesAreAlternatives) {
  constexpr std::string_view kSchema = R"({"anyOf": [{"type": "integer"}, {"type": "object",
      "properties": {"kind": {"const": "a"}}, "required": ["kind"]}, {"type": "object",
      "properties": {"kind": {"const": "ab"}, "x": {"type": "null"}}, "required": ["kind", "x"]}]})";
  for (const char* text : {"7", R"({"kind": "a"})", R"({"kind": "ab", "x": null})"}) {
    EXPECT_TRUE(fits(kSchema, text)) << text;
  }
  for (const char* text : {R"({"kind": "ab"})", R"({"kind": "a", "x": null})"})
    EXPECT_FALSE(fits(kSchema, text)) << text;
  EXPECT_TRUE(fits(R"({"type": ["string", "null"], "maxLength": 2})", "null"));
  EXPECT_TRUE(fits(R"({"type": ["string", "null"], "maxLength": 2})", R"("ab")"));
  EXPECT_FALSE(fits(R"({"type": ["string", "null"], "maxLength": 2})", R"("abc")"));
}

TEST(Schema, ReferencesMayBeRecursive) {
  constexpr std::string_view kTree = R"({"$ref": "#/$defs/node", "$defs": {"node": {"type": "object",
      "properties": {"value": {"type": "integer"}, "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
      "required": ["value", "children"], "additionalProperties": false}}})";
  EXPECT_TRUE(fits(kTree, R"({"value": 1, "children": [{"value": 2, "children": []}]})"));
  EXPECT_FALSE(fits(kTree, R"({"value": 1, "children": [{"value": 2}]})"));
  constexpr std::string_view kList = R"({"anyOf": [{"type": "null"}, {"type": "object",
      "properties": {"next": {"$ref": "#"}}, "required": ["next"]}]})";
  EXPECT_TRUE(fits(kList, R"({"next": {"next": null}})"));
}

TEST(Schema, RecursionEndsWhereNoFramesAreLeft) {
  constexpr std::string_view kList = R"({"anyOf": [{"type": "null"}, {"type": "object",
      "properties": {"next": {"$ref": "#"}}, "required": ["next"]}]})";
  Matcher matcher = match(kList);
  int levels = 0;
  while (matcher.allows("{\"next\":{")) {
    matcher.accept("{\"next\":");
    ASSERT_LT(++levels, 200);
  }
  EXPECT_GT(levels, 10);
  EXPECT_TRUE(matcher.allows("null"));
  matcher.accept("null" + std::string(static_cast<size_t>(levels), '}'));
  EXPECT_TRUE(matcher.complete());
}

TEST(Schema, AnythingIsAllowedWhereNothingIsSaid) {
  for (const char* schema : {"true", "{}", R"({"title": "whatever", "format": "date"})"}) {
    EXPECT_TRUE(fits(schema, R"({"a": [1, "x", null, {"b": {}}], "c": -2e3})")) << schema;
    EXPECT_TRUE(fits(schema, R"("text")")) << schema;
    EXPECT_FALSE(fits(schema, R"({"a" 1})")) << schema;
  }
  EXPECT_TRUE(fits(R"({"type": "object"})", R"({"x": [{}]})"));
}

TEST(Schema, WhatCannotBeHeldIsRefusedWithItsPlace) {
  struct Case {
    const char* schema;
    const char* place;
  };
  for (const Case& one : std::vector<Case>{
           {R"({"properties": {"a": {"type": "integer", "minimum": 3}}})", "#/properties/a/minimum: "},
           {R"({"properties": {"a/b": {"pattern": "x"}}})", "#/properties/a~1b/pattern: "},
           {R"({"items": {"oneOf": []}})", "#/items/oneOf: "},
           {R"({"anyOf": [{"type": "text"}]})", "#/anyOf/0/type: "},
           {R"({"anyOf": []})", "#/anyOf: "},
           {R"({"anyOf": [{}], "type": "string"})", "#/type: "},
           {R"({"allOf": [{}, {}]})", "#/allOf: "},
           {R"({"type": []})", "#/type: "},
           {R"({"type": "array", "minItems": -1})", "#/minItems: "},
           {R"({"type": "string", "maxLength": "9"})", "#/maxLength: "},
           {R"({"required": "a"})", "#/required: "},
           {R"({"required": [1]})", "#/required/0: "},
           {R"({"properties": []})", "#/properties: "},
           {R"({"properties": {"a": 3}})", "#/properties/a: "},
           {R"({"enum": "a"})", "#/enum: "},
           {R"({"enum": []})", "#: "},
           {R"({"enum": [1], "maxLength": 3})", "#/maxLength: "},
           {R"({"$ref": "#/$defs/a"})", "#/$ref: "},
           {R"({"$ref": "https://example.org/a"})", "#/$ref: "},
           {R"({"$ref": "#"})", "#/$ref: "},
           {R"({"items": {"$ref": "#/$defs/a", "minItems": 3}, "$defs": {"a": {}}})", "#/items/minItems: "},
           {"3", "#: "},
           {"false", "#: "},
           {R"({"type": "string", "minLength": 3, "maxLength": 2})", "#: "},
           {R"({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]})", "#: "},
           {R"({"type": "string", "maxLength": 1000000000})", "#: "},
       }) {
    const Result<Grammar> grammar = compile(one.schema);
    ASSERT_FALSE(grammar) << one.schema;
    EXPECT_THAT(grammar.error().message, StartsWith(one.place)) << one.schema;
  }
}

TEST(Schema, DescriptionsAndUnusedDefinitionsChangeNothing) {
  EXPECT_TRUE(fits(R"({"$schema": "x", "$id": "y", "description": "z", "type": "null", "default": 3,
      "$defs": {"unused": {"pattern": "never looked at"}}})",
                   "null"));
}

TEST(Schema, AnObjectOfAnyKindIsStillAnObject) {
  const auto grammar = std::make_shared<Grammar>(any_object_grammar().value());
  Matcher matcher(grammar, toy_tokens().trie);
  EXPECT_FALSE(matcher.allows("["));
  EXPECT_FALSE(matcher.allows("\""));
  matcher.accept(R"({"a": [1, {"b": "c"}]})");
  EXPECT_TRUE(matcher.complete());
}

TEST(Schema, AlternativesAreFramedByTheirOwnTexts) {
  const auto schema =
      boost::json::parse(R"({"properties": {"city": {"type": "string"}}, "required": ["city"]})");
  const std::vector<Framed> calls = {{"<call>a:", &schema, "</call>"}, {"<call>ab:", nullptr, "!"}};
  const auto grammar = std::make_shared<Grammar>(compile_alternatives(calls).value());
  const auto whole = [&](std::string_view text) {
    Matcher matcher(grammar, toy_tokens().trie);
    matcher.accept(text);
    return matcher.complete();
  };
  EXPECT_TRUE(whole(R"(<call>a:{"city": "Kiel"}</call>)"));
  EXPECT_TRUE(whole(R"(<call>ab:{"x": 1}!)"));
  EXPECT_FALSE(whole(R"(<call>a:{"x": 1}</call>)"));
  EXPECT_FALSE(whole(R"(<call>a:{"city": "Kiel"}!)"));
}

TEST(Schema, GrammarsThatAllowTheSameHaveTheSameKey) {
  EXPECT_EQ(compile(R"({"type":"null"})")->key(), compile(R"({ "type" : "null" })")->key());
  EXPECT_NE(compile(R"({"type":"null"})")->key(), compile(R"({"type":"object"})")->key());
  EXPECT_NE(compile(R"({"type":"object"})")->key(), any_object_grammar()->key());
}

}  // namespace
}  // namespace riposte::constraint
