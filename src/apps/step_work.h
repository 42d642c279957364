// What a step must read and multiply at least, by part: counted from the model's shape, for shares of
// ceilings.
#pragma once

#include <array>
#include <cstdint>

#include "executor/cpu/step_profile.h"
#include "model/model.h"

namespace riposte::apps {

struct Work {
  double bytes = 0;            // of packed weights, of keys and values
  double multiplications = 0;  // int8 multiply-accumulates
  Work& operator+=(const Work& other);
};

struct StepWork {
  std::array<Work, executor::kStepParts> parts{};  // those that read no weights stay empty
  Work all() const;
};

// A step of `rows` rows, of which `answers` (at least 1) want the greatest logit, after `context` tokens.
StepWork work_of_step(const model::Model& model, int32_t rows, int32_t answers, int32_t context);

}  // namespace riposte::apps
