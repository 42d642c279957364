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

// Step 4 for the whole vocabulary: the weight of each token, 0 for those without one. Returns the sum.
double weigh_all(std::span<const float> logits, float highest, float temperature,
                 std::vector<double>& weights);

// Those that top_p and min_p could keep of the whole vocabulary, weighed, in ascending order of id.
void select_by_weight(std::span<const float> logits, std::span<const double> weights, double sum,
                      const SamplingParams& params, std::vector<Candidate>& out);

// Step 5: keeps the most likely candidates, in no particular order, up to the one at which their sum reaches
// `mass`.
void keep_mass(std::vector<Candidate>& candidates, double mass);

void sort_by_token(std::vector<Candidate>& candidates);

}  // namespace riposte::sampling
