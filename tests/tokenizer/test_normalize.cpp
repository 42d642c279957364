#include "tokenizer/normalize.h"

#include <gtest/gtest.h>
#include <utf8proc.h>

#include <chrono>
#include <cstdlib>

#include "tokenizer/reference_cases.h"
#include "tokenizer/toy_models.h"
#include "tokenizer/unicode_classes.h"
#include "tokenizer/utf8.h"

namespace riposte::tokenizer {
namespace {

std::string nfc(std::string_view text) {
  std::string storage;
  return std::string(to_nfc(text, storage));
}

TEST(ToNfc, GivesWhatPythonGives) {
  std::ifstream lines(data_path("nfc.jsonl"));
  size_t cases = 0;
  for (std::string line; std::getline(lines, line); ++cases) {
    const boost::json::object expected = boost::json::parse(line).as_object();
    const std::string text(expected.at("text").as_string());
    EXPECT_EQ(nfc(text), std::string_view(expected.at("nfc").as_string())) << text;
  }
  EXPECT_GT(cases, 100u);
}

TEST(ToNfc, TakesNoStorageForTextThatStaysAsItIs) {
  std::string storage;
  for (const std::string_view text :
       {"", "plain ASCII", "Señora Muñoz, großer Fähre", "水港 Паром 🚢", "a\xFF\xC3"}) {
    EXPECT_EQ(to_nfc(text, storage).data(), text.data());
    EXPECT_EQ(storage.capacity(), std::string().capacity());
  }
}

TEST(ToNfc, ChangesNoCharacterThatIsNotMarkedAsComposing) {
  std::string text;
  for (char32_t c = 1; c < 0x110000; ++c) {
    if ((c >= 0xD800 && c < 0xE000) || UnicodeClasses::get()[c] & kComposing) continue;
    EXPECT_EQ(utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class, 0)
        << std::hex << uint32_t{c};
    text.clear();
    append_utf8(text, c);
    utf8proc_uint8_t* result = utf8proc_NFC(reinterpret_cast<const utf8proc_uint8_t*>(text.c_str()));
    EXPECT_EQ(text, reinterpret_cast<const char*>(result)) << std::hex << uint32_t{c};
    std::free(result);
  }
}

TEST(ToNfc, KeepsBrokenBytesAndNormalizesAroundThem) {
  EXPECT_EQ(nfc("e\u0301\xFF\u0301e\u0301\xC3"), "\u00E9\xFF\u0301\u00E9\xC3");
  EXPECT_EQ(nfc(std::string_view("e\u0301\0u\u0308", 7)), std::string_view("\u00E9\0\u00FC", 5));
}

TEST(ToNfc, SortsAMegabyteOfMarksQuickly) {
  std::string text = "a";
  while (text.size() < 1000000) text += "\u0315\u0323";  // of a high and a low class, in turns
  const auto start = std::chrono::steady_clock::now();
  const std::string result = nfc(text);
  EXPECT_LT(std::chrono::steady_clock::now() - start,
            std::chrono::seconds(10));  // quadratic time would be minutes
  EXPECT_TRUE(result.starts_with("\u1EA1\u0323\u0323"));
  EXPECT_TRUE(result.ends_with("\u0315\u0315"));
}

}  // namespace
}  // namespace riposte::tokenizer
