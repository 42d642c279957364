#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "api/embeddings_request.h"
#include "api/embeddings_writer.h"
#include "support/babble_model.h"

namespace riposte::api {
namespace {

using riposte::testing::BabbleModel;
using riposte::testing::kFirstByteToken;
using ::testing::ElementsAre;

const RequestContext kContext{"1", 1'700'000'000, 1};

class Embeddings : public ::testing::Test {
 protected:
  Generation read(ReadGeneration reader, const std::string& body) {
    auto generation = reader(body, model_.served(), kContext);
    EXPECT_TRUE(generation) << body << ": " << generation.error().message;
    return generation ? std::move(*generation) : Generation{};
  }
  ApiError refused(ReadGeneration reader, const std::string& body) {
    const auto generation = reader(body, model_.served(), kContext);
    EXPECT_FALSE(generation) << body;
    return generation ? ApiError{} : generation.error();
  }

  BabbleModel model_{256};
};

ChoiceAnswer with_vector(std::vector<float> values, int32_t tokens = 3) {
  ChoiceAnswer answer;
  answer.finish.embedding = std::move(values);
  answer.finish.usage.prompt_tokens = tokens;
  return answer;
}

TEST_F(Embeddings, InputIsTextOrTokensOrAListOfEither) {
  EXPECT_THAT(read(read_embeddings, R"({"input":"ab"})").requests[0].prompt,
              ElementsAre(kFirstByteToken + 'a', kFirstByteToken + 'b'));
  EXPECT_THAT(read(read_embeddings, R"({"input":[5,6]})").requests[0].prompt, ElementsAre(5, 6));
  EXPECT_EQ(read(read_embeddings, R"({"input":["a","b"]})").requests.size(), 2u);
  EXPECT_EQ(read(read_embeddings, R"({"input":[[5],[6,7],[8]]})").requests.size(), 3u);
}

TEST_F(Embeddings, EveryRequestAsksForAVectorAndForNoToken) {
  const Generation generation = read(read_embeddings, R"({"input":["a","b"]})");
  for (const engine::Request& request : generation.requests) {
    EXPECT_EQ(request.max_tokens, 0);
    EXPECT_EQ(request.pooling, engine::Pooling::kMean);
  }
  EXPECT_FALSE(generation.stream);
  EXPECT_TRUE(generation.repeatable);
  EXPECT_EQ(read(read_embeddings, R"({"input":"a","pooling":"last"})").requests[0].pooling, engine::Pooling::kLast);
}

TEST_F(Embeddings, WhereARequestDoesNotSayItIsAsTheModelWantsIt) {
  ServedModel model = model_.served();
  model.pooling = engine::Pooling::kLast;
  EXPECT_EQ(read_embeddings(R"({"input":"a"})", model, kContext)->requests[0].pooling, engine::Pooling::kLast);
  model.pooling = fail(ErrorCode::kUnsupported, "ranks are wanted");
  const auto impossible = read_embeddings(R"({"input":"a"})", model, kContext);
  ASSERT_FALSE(impossible);
  EXPECT_EQ(impossible.error().status, 400);
  EXPECT_EQ(impossible.error().param, "pooling");
  EXPECT_EQ(read_embeddings(R"({"input":"a","pooling":"mean"})", model, kContext)->requests[0].pooling,
            engine::Pooling::kMean);
}

TEST_F(Embeddings, WhatIsWrongIsNamed) {
  EXPECT_EQ(refused(read_embeddings, R"({})").param, "input");
  EXPECT_EQ(refused(read_embeddings, R"({"input":[]})").param, "input");
  EXPECT_EQ(refused(read_embeddings, R"({"input":""})").param, "input");
  EXPECT_EQ(refused(read_embeddings, R"({"input":["a",""]})").param, "input[1]");
  EXPECT_EQ(refused(read_embeddings, R"({"input":["a",3]})").param, "input[1]");
  EXPECT_EQ(refused(read_embeddings, R"({"input":[[1],[999999]]})").param, "input[1]");
  EXPECT_EQ(refused(read_embeddings, R"({"input":"a","encoding_format":"int8"})").param, "encoding_format");
  EXPECT_EQ(refused(read_embeddings, R"({"input":"a","dimensions":0})").param, "dimensions");
  EXPECT_EQ(refused(read_embeddings, R"({"input":"a","dimensions":13})").param, "dimensions");
  EXPECT_EQ(refused(read_embeddings, R"({"input":"a","pooling":"cls"})").param, "pooling");
  EXPECT_EQ(refused(read_embeddings, R"({"input":"a","model":"other"})").status, 404);
  const ApiError too_long = refused(read_embeddings, R"({"input":")" + std::string(300, 'x') + R"("})");
  EXPECT_EQ(too_long.status, 400);
  EXPECT_EQ(too_long.code, "context_length_exceeded");
}

TEST_F(Embeddings, VectorsHaveLengthOneAndComeInTheOrderOfTheirInputs) {
  Generation generation = read(read_embeddings, R"({"input":["a","b"]})");
  const std::vector<ChoiceAnswer> answers = {with_vector({3, 4}, 5), with_vector({0, -2}, 6)};
  const auto whole = boost::json::parse(generation.writer->whole(answers));
  EXPECT_EQ(whole.at("object"), "list");
  EXPECT_EQ(whole.at("model"), "tiny/babble");
  EXPECT_EQ(whole.at("data").at(0).at("object"), "embedding");
  EXPECT_EQ(whole.at("data").at(1).at("index"), 1);
  EXPECT_EQ(boost::json::value_to<std::vector<float>>(whole.at("data").at(0).at("embedding")),
            (std::vector<float>{0.6f, 0.8f}));
  EXPECT_EQ(boost::json::value_to<std::vector<float>>(whole.at("data").at(1).at("embedding")),
            (std::vector<float>{0.0f, -1.0f}));
  EXPECT_EQ(whole.at("usage").at("prompt_tokens"), 11);
  EXPECT_EQ(whole.at("usage").at("total_tokens"), 11);
}

TEST_F(Embeddings, Base64HoldsTheBytesOfTheSameFloats) {
  Generation generation = read(read_embeddings, R"({"input":"a","encoding_format":"base64"})");
  const std::vector<ChoiceAnswer> answers = {with_vector({3, 4})};
  const auto whole = boost::json::parse(generation.writer->whole(answers));
  // 0.6f is 9a 99 19 3f, 0.8f is cd cc 4c 3f.
  EXPECT_EQ(whole.at("data").at(0).at("embedding"), "mpkZP83MTD8=");
}

TEST_F(Embeddings, FewerDimensionsAreNormalisedAgain) {
  Generation generation = read(read_embeddings, R"({"input":"a","dimensions":2})");
  const std::vector<ChoiceAnswer> answers = {with_vector({3, 4, 12})};
  const auto whole = boost::json::parse(generation.writer->whole(answers));
  EXPECT_EQ(boost::json::value_to<std::vector<float>>(whole.at("data").at(0).at("embedding")),
            (std::vector<float>{0.6f, 0.8f}));
}

TEST_F(Embeddings, AVectorWithoutALengthIsZerosAndTheAnswerStaysJson) {
  const float infinite = std::numeric_limits<float>::infinity();
  EXPECT_EQ(unit_vector(std::vector<float>{0, 0}, 2), (std::vector<float>{0, 0}));
  EXPECT_EQ(unit_vector(std::vector<float>{1, infinite}, 2), (std::vector<float>{0, 0}));
  EXPECT_EQ(unit_vector(std::vector<float>{1, std::nanf("")}, 2), (std::vector<float>{0, 0}));
  EXPECT_EQ(unit_vector(std::vector<float>{3e38f, 0}, 2), (std::vector<float>{1, 0}));
}

TEST_F(Embeddings, OllamaHasItsOwnShape) {
  Generation generation = read(read_ollama_embed, R"({"model":"tiny/babble:latest","input":["a","b"]})");
  const std::vector<ChoiceAnswer> answers = {with_vector({3, 4}, 5), with_vector({1, 0}, 6)};
  const auto whole = boost::json::parse(generation.writer->whole(answers));
  EXPECT_EQ(whole.at("model"), "tiny/babble:latest");
  EXPECT_EQ(boost::json::value_to<std::vector<std::vector<float>>>(whole.at("embeddings")),
            (std::vector<std::vector<float>>{{0.6f, 0.8f}, {1, 0}}));
  EXPECT_EQ(whole.at("prompt_eval_count"), 11);
  EXPECT_TRUE(whole.at("total_duration").is_int64());

  Generation older = read(read_ollama_embeddings, R"({"model":"tiny/babble","prompt":"a"})");
  const std::vector<ChoiceAnswer> one = {with_vector({3, 4})};
  EXPECT_EQ(boost::json::value_to<std::vector<float>>(boost::json::parse(older.writer->whole(one)).at("embedding")),
            (std::vector<float>{0.6f, 0.8f}));
}

TEST_F(Embeddings, OllamaCutsWhatIsTooLongUnlessToldOtherwise) {
  const std::string text(300, 'x');
  const std::string body = R"({"model":"tiny/babble","input":")" + text + "\"";
  EXPECT_EQ(read(read_ollama_embed, body + "}").requests[0].prompt.size(), 256u);
  EXPECT_EQ(refused(read_ollama_embed, body + R"(,"truncate":false})").param, "input");
}

TEST_F(Embeddings, OllamaLoadsAModelWithNothingToEmbed) {
  for (const char* body : {R"({"model":"tiny/babble"})", R"({"model":"tiny/babble","input":""})",
                           R"({"model":"tiny/babble","input":[]})"}) {
    Generation generation = read(read_ollama_embed, body);
    EXPECT_TRUE(generation.requests.empty());
    EXPECT_TRUE(boost::json::parse(generation.writer->whole({})).at("embeddings").as_array().empty());
  }
  EXPECT_TRUE(read(read_ollama_embeddings, R"({"model":"tiny/babble","prompt":""})").requests.empty());
}

}  // namespace
}  // namespace riposte::api
