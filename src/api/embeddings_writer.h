// Answers with vectors. They are of length 1, so that the cosine of two is their product.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "api/answer.h"

namespace riposte::api {

enum class EmbeddingsForm { kOpenAi, kOllama, kOllamaOld };  // of /v1/embeddings, /api/embed, /api/embeddings

struct EmbeddingsWriterOptions {
  EmbeddingsForm form = EmbeddingsForm::kOpenAi;
  std::string model;
  bool base64 = false;    // little-endian floats; OpenAI's form only
  size_t dimensions = 0;  // of each vector, its first so many are told
};

// The first `dimensions` values, scaled to length 1; zeros where there is no length to scale (a vector of zeros, or one
// with values that are no numbers). The sum is one of double precision, in order.
std::vector<float> unit_vector(std::span<const float> values, size_t dimensions);

// Never a stream.
class EmbeddingsWriter final : public AnswerWriter {
 public:
  explicit EmbeddingsWriter(EmbeddingsWriterOptions options);

  std::string whole(std::span<const ChoiceAnswer> choices) override;
  void begin(std::string&) override {}
  void part(int32_t, const AnswerPart&, std::string&) override {}
  void end(int32_t, const engine::Finish&, std::string&) override {}
  void done(std::string&) override {}
  void error(const ApiError&, std::string&) override {}

 private:
  std::string openai(std::span<const ChoiceAnswer> choices) const;
  std::string ollama(std::span<const ChoiceAnswer> choices) const;
  void append_vector(const engine::Finish& finish, std::string& out) const;

  const EmbeddingsWriterOptions options_;
};

}  // namespace riposte::api
