// Guesses at random: bushy trees in which right, plausible and senseless guesses stand side by side, as no
// useful drafter would make them. For proving that guesses change no answer.
#pragma once

#include "drafting/drafter.h"

namespace riposte::apps {

// Takes the prediction's next tokens, which are mostly right where it is what plain decoding answered, tokens
// of the source and any others. A pure function of the context.
class ScatterDrafter final : public drafting::Drafter {
 public:
  explicit ScatterDrafter(int32_t vocabulary) : vocabulary_(vocabulary) {}
  void propose(const drafting::DraftContext& context, drafting::Draft& draft) const override;

 private:
  int32_t vocabulary_;
};

}  // namespace riposte::apps
