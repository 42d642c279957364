// A server of several models.
#include <boost/json.hpp>
#include <string>

#include "running_server.h"

namespace riposte::server {
namespace {

using riposte::testing::BabbleModel;
using ::testing::HasSubstr;

class SeveralModels : public ::testing::Test {
 protected:
  struct Babbling final : LoadedModel {
    explicit Babbling(const std::string& name) : served_(model.served()) {
      served_.name = name;
      served_.aliases = {name.substr(0, 1)};
    }
    const api::ServedModel& served() const override { return served_; }
    BabbleModel model{4096};
    api::ServedModel served_;
  };

  SeveralModels() {
    std::vector<ShelfModel> models;
    for (const std::string& name : std::vector<std::string>{"large", "small"}) {
      models.push_back({.name = name,
                        .aliases = {name.substr(0, 1)},
                        .bytes = 100,
                        .keep_alive = std::chrono::minutes(5),
                        .load = [this, name]() -> Result<std::unique_ptr<LoadedModel>> {
                          if (broken) return fail(ErrorCode::kIo, "the disk is gone");
                          return std::make_unique<Babbling>(name);
                        }});
    }
    ServerOptions options;
    options.port = 0;
    server =
        std::make_unique<Server>(options, std::make_shared<ModelShelf>(std::move(models), ShelfOptions{150}));
    port = *server->start();
  }

  Response ask(const std::string& request) {
    RawClient client(port);
    client.send(request);
    return client.receive();
  }
  Response chat_with(const std::string& model, const std::string& fields = "") {
    return ask(post(chat_body("hello", "\"model\":\"" + model + "\"" + fields)));
  }
  std::string running() {
    std::string names;
    const boost::json::value ps = ask(get("/api/ps")).json();
    for (const auto& one : ps.at("models").as_array()) names += std::string(one.at("name").as_string()) + " ";
    return names;
  }

  std::atomic<bool> broken{false};
  std::unique_ptr<Server> server;
  uint16_t port = 0;
};

TEST_F(SeveralModels, ARequestLoadsTheModelThatItNames) {
  EXPECT_EQ(running(), "");
  EXPECT_EQ(chat_with("small").json().at("model"), "small");
  EXPECT_EQ(running(), "small ");
  EXPECT_EQ(chat_with("l").json().at("model"), "large") << "by its alias, and in place of the other";
  EXPECT_EQ(running(), "large ");
  EXPECT_EQ(ask(post(chat_body("hello"))).json().at("model"), "large") << "the first where none is named";
}

TEST_F(SeveralModels, AllAreListedWhetherLoadedOrNot) {
  const boost::json::value list = ask(get("/v1/models")).json();
  ASSERT_EQ(list.at("data").as_array().size(), 2u);
  EXPECT_EQ(list.at("data").at(1).at("id"), "small");
  EXPECT_EQ(ask(get("/v1/models/small")).status, 200);
  EXPECT_EQ(ask(get("/v1/models/other")).status, 404);
  EXPECT_EQ(ask(get("/api/tags")).json().at("models").as_array().size(), 2u);
}

TEST_F(SeveralModels, AnotherNameIsNotFound) {
  const Response missing = chat_with("other");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.json().at("error").at("code"), "model_not_found");
  EXPECT_THAT(missing.body, HasSubstr("'large', 'small'"));
}

TEST_F(SeveralModels, WhatCannotBeLoadedIsAnError) {
  broken = true;
  const Response failed = chat_with("small");
  EXPECT_EQ(failed.status, 500);
  EXPECT_THAT(failed.body, HasSubstr("the disk is gone"));
  broken = false;
  EXPECT_EQ(chat_with("small").status, 200);
}

TEST_F(SeveralModels, OllamasClientsDecideHowLongAModelStays) {
  const auto generate = [this](const std::string& keep) {
    return ask(
        post_to("/api/generate",
                R"({"model":"small","prompt":"x","stream":false,"options":{"num_predict":2},"keep_alive":)" +
                    keep + "}"));
  };
  ASSERT_EQ(generate("\"10m\"").status, 200);
  const std::string soon(ask(get("/api/ps")).json().at("models").at(0).at("expires_at").as_string());
  EXPECT_THAT(soon, ::testing::Not(HasSubstr("9999")));
  EXPECT_EQ(ask(get("/api/ps")).json().at("models").at(0).at("size"), 100);
  ASSERT_EQ(generate("-1").status, 200);
  EXPECT_THAT(std::string(ask(get("/api/ps")).json().at("models").at(0).at("expires_at").as_string()),
              HasSubstr("9999"));
  EXPECT_EQ(generate("\"soon\"").status, 400);
  ASSERT_EQ(generate("0").status, 200);
  for (int i = 0; i < 10'000 && !running().empty(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_EQ(running(), "");
}

TEST_F(SeveralModels, AChangeOfModelsDropsNoRequest) {
  std::vector<std::thread> clients;
  std::atomic<int> answered{0};
  for (int client = 0; client < 4; ++client) {
    clients.emplace_back([this, client, &answered] {
      RawClient connection(port);
      for (int i = 0; i < 25; ++i) {
        const std::string name = (i + client) % 3 == 0 ? "small" : "large";
        connection.send(
            post(chat_body("request " + std::to_string(100 * client + i), "\"model\":\"" + name + "\"")));
        const Response response = connection.receive();
        if (response.status == 200 && std::string(response.json().at("model").as_string()) == name)
          ++answered;
      }
    });
  }
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(answered, 100);
}

}  // namespace
}  // namespace riposte::server
