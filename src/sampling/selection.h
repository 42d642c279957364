// The steps of sampler.h that narrow a vocabulary down to candidates, each linear in the vocabulary.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sampling/sampler.h"

namespace riposte::sampling {

// Step 3, for k > 0: the k highest logits (of equals, the lower ids), in ascending order of id, not weighed
// yet. NaN and -infinity are left out.
void select_highest(std::span<const float> logits, int32_t k, std::vector<Candidate>& out);

// Step 4 for candidates in ascending order of id: sets their weights, drops those without one, returns the
// sum.
double weigh(std::vector<Candidate>& candidates, float highest, float temperature);

// Steps 3 to 6 without a k: weighs the whole vocabulary (into `weights`), puts those into `out` (in ascending
// order of id) that top_p and min_p could keep, and returns the sum of all weights.
double select_by_weight(std::span<const float> logits, float highest, const SamplingParams& params,
                        std::vector<double>& weights, std::vector<Candidate>& out);

// Step 5: keeps the most likely candidates, in no particular order, up to the one at which their sum reaches
// `mass`.
void keep_mass(std::vector<Candidate>& candidates, double mass);

void sort_by_token(std::vector<Candidate>& candidates);

}  // namespace riposte::sampling
