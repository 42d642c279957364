// The hidden states of a prompt as one vector: an embedding of the text.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace riposte::engine {

enum class Pooling : uint8_t {
  kMean,  // of all tokens; each is computed anew, since the prefix cache keeps keys and values only
  kLast,  // that of the last token, which has seen all others
};

// Takes hidden states in the order of their positions. The sum is one of double precision in that order, so that the
// vector does not depend on how the prompt was cut into steps.
class Pool {
 public:
  // tokens: of the prompt, at least 1
  Pool(Pooling pooling, int32_t tokens) : pooling_(pooling), tokens_(tokens) {}

  bool wants_all() const { return pooling_ == Pooling::kMean; }
  bool wants(int32_t position) const { return wants_all() || position == tokens_ - 1; }
  // [hidden], of the next position that it wants.
  void add(std::span<const float> hidden);
  // [hidden], not normalised. After the last token.
  std::vector<float> result() const;

 private:
  Pooling pooling_;
  int32_t tokens_;
  std::vector<double> sum_;
};

}  // namespace riposte::engine
