// Answers under a constraint: among the allowed tokens they are those of plain decoding, whatever is guessed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "constraint/matcher.h"
#include "constraint/schema.h"
#include "constraint/token_trie.h"
#include "harness.h"

namespace riposte::engine {
namespace {

// Token 0 ends an answer, token 1 + b is the byte b.
constexpr int32_t kBytes = 257;
constexpr model::ExecutorLimits kLimits{.page_size = 4,
                                        .pages = 512,
                                        .max_rows = 64,
                                        .max_logit_rows = 64,
                                        .vocabulary = kBytes,
                                        .context_length = 400};

class ByteText final : public TokenText {
 public:
  std::string_view bytes(TokenId token) const override {
    return token == kEnd ? std::string_view()
                         : std::string_view(all_).substr(static_cast<size_t>(token) - 1, 1);
  }
  bool is_end(TokenId token) const override { return token == kEnd; }

 private:
  const std::string all_ = [] {
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
    return bytes;
  }();
};

std::shared_ptr<const constraint::Grammar> grammar(const char* schema) {
  return std::make_shared<constraint::Grammar>(
      constraint::compile_schema(boost::json::parse(schema)).value());
}

const char* const kPerson = R"({"properties": {"name": {"type": "string", "maxLength": 6},
    "kind": {"enum": ["cat", "cattle"]}, "n": {"type": "integer"}}, "required": ["name", "kind"]})";

Request request_of(bool sampled) {
  Request request{.prompt = {10, 20, 30}, .max_tokens = 200, .constraint = grammar(kPerson)};
  if (sampled) {
    request.sampling = {
        .temperature = 1.5f, .top_k = 60, .min_p = 0.01f, .presence_penalty = 0.3f, .seed = 9};
  }
  return request;
}

// One token after another: the whole set of allowed tokens, then a choice among them.
Answer constrained_alone(const Request& request) {
  const ByteText text;
  const auto trie = std::make_shared<constraint::TokenTrie>(
      kBytes, [&](TokenId token) { return text.bytes(token); }, [](TokenId token) { return token == kEnd; });
  constraint::Matcher matcher(request.constraint, trie);
  sampling::Sampler sampler(request.sampling, request.prompt);
  sampling::Workspace workspace;
  std::vector<TokenId> tokens = request.prompt;
  std::vector<float> logits(kBytes);
  Answer answer;
  while (static_cast<int32_t>(answer.tokens.size()) < request.max_tokens) {
    testing::fake_logits(tokens, logits);
    matcher.allowed(workspace.allowed);
    const TokenId token =
        sampler.choose({kNoToken, logits}, static_cast<int64_t>(tokens.size()), workspace, workspace.allowed);
    if (token == kEnd) {
      answer.reason = FinishReason::kStop;
      break;
    }
    tokens.push_back(token);
    answer.tokens.push_back(token);
    answer.text += text.bytes(token);
    sampler.accept(token);
    matcher.accept(token);
  }
  return answer;
}

// Guesses the right tokens, with ones between them that are wrong and may be forbidden.
class HalfRightDrafter final : public drafting::Drafter {
 public:
  explicit HalfRightDrafter(Answer answer) : answer_(std::move(answer)) {}
  void propose(const drafting::DraftContext& context, drafting::Draft& draft) const override {
    int32_t parent = drafting::Draft::kNoParent;
    for (size_t at = context.output.size(); at < answer_.tokens.size() && draft.size() < 8; ++at) {
      draft.add((answer_.tokens[at] + 1) % kBytes, parent);
      draft.add((answer_.tokens[at] + 40) % kBytes, parent);
      parent = draft.add(answer_.tokens[at], parent);
    }
  }

 private:
  const Answer answer_;
};

struct Outcome {
  Finish finish;
  std::string text;
  std::vector<TokenId> tokens;
};

Outcome run(const Request& request, const drafting::Drafter* drafter) {
  testing::FakeExecutor executor(kLimits);
  Engine engine(executor, std::make_unique<ByteText>(), {.drafter = drafter});
  const auto heard = submit(engine, request);
  const Finish finish = heard->finish();
  return {finish, heard->text(), heard->tokens()};
}

TEST(EngineConstraint, AnAnswerIsThatOfPlainDecodingAmongTheAllowedTokens) {
  for (const bool sampled : {false, true}) {
    const Request request = request_of(sampled);
    const Answer expected = constrained_alone(request);
    ASSERT_GT(expected.tokens.size(), 20u);
    const HalfRightDrafter drafter(expected);
    const Outcome plain = run(request, nullptr), guessed = run(request, &drafter);
    for (const Outcome& outcome : {plain, guessed}) {
      EXPECT_EQ(outcome.tokens, expected.tokens) << outcome.text;
      EXPECT_EQ(outcome.finish.reason, expected.reason);
    }
    EXPECT_LT(guessed.finish.usage.passes, plain.finish.usage.passes / 2);
  }
}

TEST(EngineConstraint, AnAnswerThatEndsByItselfIsWholeJson) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Request request = request_of(true);
    request.sampling.seed = seed;
    const Outcome outcome = run(request, nullptr);
    ASSERT_EQ(outcome.finish.reason, FinishReason::kStop) << outcome.text;
    const auto value = boost::json::parse(outcome.text);
    EXPECT_TRUE(value.at("name").is_string());
    EXPECT_THAT(std::string(value.at("kind").as_string()), ::testing::AnyOf("cat", "cattle"));
  }
}

TEST(EngineConstraint, AnAnswerThatReachesItsLengthSaysSo) {
  Request request = request_of(false);
  request.max_tokens = 5;
  const Outcome outcome = run(request, nullptr);
  EXPECT_EQ(outcome.finish.reason, FinishReason::kLength);
  EXPECT_EQ(outcome.tokens.size(), 5u);
}

TEST(EngineConstraint, ForbiddenGuessesAreNotEvenComputed) {
  const Request request = request_of(false);
  const HalfRightDrafter drafter(constrained_alone(request));
  const Outcome outcome = run(request, &drafter);
  // Inside a name most bytes are allowed; around it hardly any of the wrong ones is.
  EXPECT_LT(outcome.finish.usage.drafted_tokens, 2 * outcome.finish.usage.accepted_tokens);
}

TEST(EngineConstraint, AVocabularyThatCannotSpellTheAnswerIsAnError) {
  testing::FakeExecutor executor(kRoomyLimits);
  Engine engine(executor, std::make_unique<FakeText>());  // letters without brackets
  Request request;
  request.prompt = {1};
  request.constraint = grammar(R"({"type": "object"})");
  const auto heard = submit(engine, request);
  const Finish finish = heard->finish();
  EXPECT_EQ(finish.reason, FinishReason::kError);
  EXPECT_EQ(finish.error.code, ErrorCode::kUnsupported);
}

TEST(EngineConstraint, GoingOnBehindTheEndIsRefused) {
  testing::FakeExecutor executor(kLimits);
  Engine engine(executor, std::make_unique<ByteText>());
  Request request = request_of(false);
  request.ignore_end = true;
  EXPECT_FALSE(engine.submit(request, {}));
}

}  // namespace
}  // namespace riposte::engine
