// The word with the greatest logit, the lowest id among equals.
#pragma once

#include <cmath>
#include <limits>

#include "base/token.h"

namespace riposte::executor {

struct Winner {
  float logit = -std::numeric_limits<float>::infinity();  // NaN counts as this
  TokenId token = 0;

  void meet(const Winner& other) {
    if (other.logit > logit || (other.logit == logit && other.token < token)) *this = other;
  }
};

}  // namespace riposte::executor
