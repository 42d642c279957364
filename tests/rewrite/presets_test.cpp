#include "rewrite/presets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace riposte::rewrite {
namespace {

using ::testing::HasSubstr;

constexpr const char* kOne = R"([[preset]]
name = "pirate"
language = "en"
instruction = "Say it as a pirate would."
)";

std::string error_of(std::string_view toml) {
  const auto presets = Presets::parse(toml);
  return presets ? "no error" : presets.error().message;
}

TEST(Presets, SixAreBuiltInEachInEnglishAndGerman) {
  for (const char* name : {"grammar", "simplify", "formal", "friendly", "shorten", "paraphrase"}) {
    for (const char* language : {"en", "de"}) {
      const auto preset = Presets::built_in().find(name, language);
      ASSERT_TRUE(preset) << preset.error().message;
      EXPECT_GT((*preset)->instruction.size(), 40u);
      EXPECT_FALSE((*preset)->summary.empty());
      EXPECT_EQ((*preset)->sampling.temperature, 0.0f);
      EXPECT_FALSE((*preset)->instruction.starts_with("\n") || (*preset)->instruction.ends_with("\n"));
    }
  }
  EXPECT_EQ(Presets::built_in().all().size(), 12u);
}

TEST(Presets, AnUnknownNameIsAnsweredWithThoseThatExist) {
  const auto preset = Presets::built_in().find("grammer");
  ASSERT_FALSE(preset);
  EXPECT_EQ(preset.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(preset.error().message, HasSubstr("grammar, simplify, formal, friendly, shorten, paraphrase"));
}

TEST(Presets, AnUnknownLanguageIsAnsweredWithThoseThatExist) {
  const auto preset = Presets::built_in().find("grammar", "fr");
  ASSERT_FALSE(preset);
  EXPECT_EQ(preset.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(preset.error().message, HasSubstr("en, de"));
}

TEST(Presets, SamplingFieldsAreRead) {
  const auto presets = Presets::parse(std::string(kOne) + R"(max_tokens_factor = 5
[preset.sampling]
temperature = 1
top_k = 20
top_p = 0.9
min_p = 0.1
repetition_penalty = 1.1
presence_penalty = -1
frequency_penalty = 0.5
seed = 7
)");
  ASSERT_TRUE(presets) << presets.error().message;
  const Preset& preset = presets->all()[0];
  EXPECT_EQ(preset.max_tokens_factor, 5);
  EXPECT_EQ(preset.sampling.temperature, 1.0f);
  EXPECT_EQ(preset.sampling.top_k, 20);
  EXPECT_EQ(preset.sampling.top_p, 0.9f);
  EXPECT_EQ(preset.sampling.min_p, 0.1f);
  EXPECT_EQ(preset.sampling.repetition_penalty, 1.1f);
  EXPECT_EQ(preset.sampling.presence_penalty, -1.0f);
  EXPECT_EQ(preset.sampling.frequency_penalty, 0.5f);
  EXPECT_EQ(preset.sampling.seed, 7u);
}

TEST(Presets, BrokenTomlIsAnErrorWithLineAndColumn) {
  const auto presets = Presets::parse("[[preset]]\nname = \"a\nlanguage = 3\n");
  ASSERT_FALSE(presets);
  EXPECT_EQ(presets.error().code, ErrorCode::kCorrupt);
  EXPECT_THAT(presets.error().message, HasSubstr("line 2, column"));
}

TEST(Presets, BytesThatAreNotUtf8AreAnError) {
  EXPECT_THAT(error_of("[[preset]]\nname = \"\xff\xfe\"\n"), HasSubstr("line 2"));
}

TEST(Presets, FieldsOfTheWrongKindAreNamedWithTheirPreset) {
  const std::string one = kOne;
  EXPECT_THAT(error_of(one + "max_tokens_factor = 0\n"),
              HasSubstr("'pirate': max_tokens_factor must be a whole number"));
  EXPECT_THAT(error_of(one + "max_tokens_factor = \"2\"\n"), HasSubstr("(line 5, column"));
  EXPECT_THAT(error_of(one + "max_token_factor = 2\n"), HasSubstr("there is no field 'max_token_factor'"));
  EXPECT_THAT(error_of(one + "[preset.sampling]\ntemperature = 3\n"), HasSubstr("a number from 0 to 2"));
  EXPECT_THAT(error_of(one + "[preset.sampling]\ntemperature = nan\n"), HasSubstr("temperature"));
  EXPECT_THAT(error_of(one + "[preset.sampling]\ntopp = 1\n"), HasSubstr("there is no field 'topp'"));
  EXPECT_THAT(error_of(one + "sampling = 1\n"), HasSubstr("sampling must be a table"));
  EXPECT_THAT(error_of("[[preset]]\nname = \"x\"\nlanguage = \"en\"\n"),
              HasSubstr("instruction must be a text"));
  EXPECT_THAT(error_of("preset = [1]\n"), HasSubstr("[[preset]] table"));
  EXPECT_THAT(error_of(""), HasSubstr("at least one [[preset]]"));
}

TEST(Presets, TheSameNameTwiceInOneLanguageIsRefused) {
  EXPECT_THAT(error_of(std::string(kOne) + kOne), HasSubstr("once for the language 'en'"));
}

TEST(Presets, AFileIsReadAndItsErrorsNameIt) {
  const std::filesystem::path path = std::filesystem::path(::testing::TempDir()) / "presets_test.toml";
  std::ofstream(path) << kOne;
  const auto presets = Presets::load(path);
  ASSERT_TRUE(presets) << presets.error().message;
  EXPECT_TRUE(presets->find("pirate"));
  std::ofstream(path) << "nonsense";
  const auto broken = Presets::load(path);
  ASSERT_FALSE(broken);
  EXPECT_THAT(broken.error().message, HasSubstr("presets_test.toml"));
  std::filesystem::remove(path);
  const auto absent = Presets::load(path);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, ErrorCode::kNotFound);
}

TEST(Presets, OneThatIsPutTakesThePlaceOfItsNameAndLanguage) {
  Presets presets = Presets::built_in();
  const size_t count = presets.all().size();
  Preset own = **presets.find("grammar", "de");
  own.prompt = "{text}";
  presets.put(own);
  EXPECT_EQ(presets.all().size(), count);
  EXPECT_EQ((*presets.find("grammar", "de"))->prompt, "{text}");
  EXPECT_EQ((*presets.find("grammar", "en"))->prompt, "");
  own.name = "commas";
  presets.put(own);
  EXPECT_EQ(presets.all().size(), count + 1);
  EXPECT_EQ((*presets.find("commas", "de"))->prompt, "{text}");
}

}  // namespace
}  // namespace riposte::rewrite
