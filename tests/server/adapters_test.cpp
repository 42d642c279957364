// A server whose models have adapters: names, lists, and whose answers are whose.
#include <boost/json.hpp>
#include <set>
#include <string>

#include "running_server.h"

namespace riposte::server {
namespace {

using riposte::testing::BabbleModel;
using ::testing::HasSubstr;

class Adapters : public ::testing::Test {
 protected:
  struct Adapted final : LoadedModel {
    explicit Adapted(api::ServedModel served) : served_(std::move(served)) {}
    const api::ServedModel& served() const override { return served_; }
    const api::ServedModel served_;
  };
  // The base knows that "grammar" is the first adapter's.
  static rewrite::Presets presets_with_grammar() {
    rewrite::Presets presets = rewrite::Presets::built_in();
    rewrite::Preset preset = **presets.find("grammar");
    preset.prompt = "<|im_start|>{text}";
    preset.adapter = 1;
    presets.put(preset);
    return presets;
  }
  struct Babbling final : LoadedModel {
    Babbling() {
      for (const model::AdapterId id : {1, 2}) {
        adapted.push_back(std::make_unique<Adapted>(served_as(id == 1 ? ":grammar" : ":tone", id)));
      }
    }
    api::ServedModel served_as(const std::string& adapter, model::AdapterId id) {
      const std::vector<std::string> fingerprints = {"fp_base", "fp_grammar", "fp_tone"};
      api::ModelDetails details;
      details.parent = id == 0 ? "" : "base";
      return {.name = "base" + adapter,
              .fingerprint = fingerprints[static_cast<size_t>(id)],
              .tokenizer = model.tokenizer,
              .chat_template = &model.chat_template,
              .engine = model.engine,
              .context_length = model.context_length,
              .details = details,
              .presets = id == 0 ? presets : rewrite::Presets::built_in(),
              .aliases = {"b" + adapter},
              .adapter = id,
              .fingerprints = fingerprints};
    }
    const api::ServedModel& served() const override { return served_; }
    const LoadedModel& with_adapter(size_t index) const override { return *adapted[index]; }

    BabbleModel model{4096};
    const rewrite::Presets presets = presets_with_grammar();
    const api::ServedModel served_ = served_as("", model::kNoAdapter);
    std::vector<std::unique_ptr<Adapted>> adapted;
  };

  Adapters() {
    std::vector<ShelfModel> models;
    models.push_back(
        {.name = "base",
         .aliases = {"b"},
         .adapters = {"grammar", "tone"},
         .load = []() -> Result<std::unique_ptr<LoadedModel>> { return std::make_unique<Babbling>(); }});
    ServerOptions options;
    options.port = 0;
    server = std::make_unique<Server>(options, std::make_shared<ModelShelf>(std::move(models)));
    port = *server->start();
  }

  Response ask(const std::string& request) {
    RawClient client(port);
    client.send(request);
    return client.receive();
  }
  std::string answer_of(const std::string& model) {
    const Response response =
        ask(post(chat_body("hello", "\"model\":\"" + model + "\"")));
    EXPECT_EQ(response.status, 200) << response.body;
    return std::string(response.json().at("choices").at(0).at("message").at("content").as_string());
  }

  std::unique_ptr<Server> server;
  uint16_t port = 0;
};

TEST_F(Adapters, EachHasAnswersOfItsOwnAlsoFromTheResponseCache) {
  const std::string base = answer_of("base"), grammar = answer_of("base:grammar"), tone = answer_of("b:tone");
  EXPECT_EQ((std::set<std::string>{base, grammar, tone}).size(), 3u);
  EXPECT_EQ(answer_of("b"), base);
  EXPECT_EQ(answer_of("b:grammar"), grammar);
  EXPECT_EQ(answer_of("base:tone:latest"), tone);
}

TEST_F(Adapters, TheModelAnswersUnderTheNameThatItWasAskedBy) {
  const Response response = ask(post(chat_body("hello", "\"model\":\"b:grammar\"")));
  EXPECT_EQ(response.json().at("model"), "base:grammar");
  EXPECT_EQ(response.json().at("system_fingerprint"), "fp_grammar");
}

TEST_F(Adapters, AnAdapterThatIsNotThereIsNotFound) {
  for (const char* name : {"base:shorten", "grammar", "base:", ":grammar", "other:grammar"}) {
    const Response missing = ask(post(chat_body("hello", std::string("\"model\":\"") + name + "\"")));
    EXPECT_EQ(missing.status, 404) << name;
    EXPECT_EQ(missing.json().at("error").at("code"), "model_not_found");
    EXPECT_EQ(missing.json().at("error").at("type"), "invalid_request_error");
    EXPECT_THAT(missing.body, HasSubstr("'base', 'base:grammar', 'base:tone'"));
  }
}

TEST_F(Adapters, AreListedBehindTheirModel) {
  for (const bool loaded : {false, true}) {
    if (loaded) answer_of("base:tone");
    const boost::json::value list = ask(get("/v1/models")).json();
    ASSERT_EQ(list.at("data").as_array().size(), 3u);
    EXPECT_EQ(list.at("data").at(0).at("id"), "base");
    EXPECT_EQ(list.at("data").at(1).at("id"), "base:grammar");
    EXPECT_EQ(list.at("data").at(2).at("id"), "base:tone");
    EXPECT_EQ(ask(get("/v1/models/b:tone")).status, 200);
    EXPECT_EQ(ask(get("/v1/models/b:other")).status, 404);
    EXPECT_EQ(ask(get("/api/tags")).json().at("models").at(2).at("name"), "base:tone");
    EXPECT_EQ(ask(post_to("/api/show", R"({"model":"base:grammar"})")).status, 200);
    EXPECT_EQ(ask(post_to("/api/show", R"({"model":"base:nothing"})")).status, 404);
    EXPECT_EQ(list.at("data").at(1).at("parent"), "base");
  }
  const boost::json::value list = ask(get("/v1/models")).json();
  EXPECT_EQ(list.at("data").at(1).at("parent"), "base");
  EXPECT_FALSE(list.at("data").at(0).as_object().contains("parent"));
  EXPECT_EQ(ask(post_to("/api/show", R"({"model":"b:grammar"})")).json().at("details").at("parent_model"),
            "base");
}

TEST_F(Adapters, APresetOfTheBaseMayBeAnAdapters) {
  const auto rewritten = [this](const std::string& fields) {
    const Response response = ask(post_to("/v1/rewrite", R"({"text":"He go home.")" + fields + "}"));
    EXPECT_EQ(response.status, 200) << response.body;
    return response.json();
  };
  const auto by_preset = rewritten(R"(,"preset":"grammar")");
  EXPECT_EQ(by_preset.at("model"), "base");
  // Its prompt is much shorter than an instruction.
  EXPECT_EQ(by_preset.at("usage").at("prompt_tokens"), 1 + 11);
  EXPECT_GT(rewritten(R"(,"preset":"formal")").at("usage").at("prompt_tokens").to_number<int>(), 50);
  EXPECT_GT(
      rewritten(R"(,"preset":"grammar","model":"b:tone")").at("usage").at("prompt_tokens").to_number<int>(),
      50)
      << "whoever names an adapter means that one";
}

}  // namespace
}  // namespace riposte::server
