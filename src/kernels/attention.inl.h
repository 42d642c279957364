// Attention of a few query heads over one key and value head, once for every instruction set (see vector_ops.inl.h).
//
// A lane is a key while scores are computed and a dimension while values are summed, so neither sum crosses lanes and
// the order of additions is the definition's on every machine.
#pragma once

#include "kernels/vector_ops.inl.h"

namespace {

// Scores of `kQueries` queries for `kBlocks` blocks of 16 keys: kQueries * kBlocks independent sums.
template <class S, int kQueries, int kBlocks>
void score_blocks(const AttentionHeads& heads, int first_query, int block, float* scores, size_t stride) {
  using L = Lanes<S>;
  const uint16_t* keys[kBlocks];
  L acc[kQueries][kBlocks];
  for (int b = 0; b < kBlocks; ++b) {
    keys[b] = heads.keys + static_cast<size_t>(heads.pages[block + b]) * heads.page_stride;
    for (int h = 0; h < kQueries; ++h) acc[h][b] = L::broadcast(0.0f);
  }
  const float* query = heads.query + static_cast<size_t>(first_query) * static_cast<size_t>(heads.head_size);
  for (int i = 0; i < heads.head_size; ++i) {
    L key[kBlocks];
    for (int b = 0; b < kBlocks; ++b) key[b] = L::load_halves(keys[b] + i * kKeyBlock);
    for (int h = 0; h < kQueries; ++h) {
      const L q = L::broadcast(query[h * heads.head_size + i]);
      for (int b = 0; b < kBlocks; ++b) acc[h][b] = fma(q, key[b], acc[h][b]);
    }
  }
  for (int h = 0; h < kQueries; ++h) {
    for (int b = 0; b < kBlocks; ++b) acc[h][b].store(scores + static_cast<size_t>(h) * stride + b * kKeyBlock);
  }
}

// Scores to probabilities, not yet divided by their sum, which is returned. Lanes outside [begin, end) become 0.
template <class S>
float exponentials(float* scores, int begin, int end) {
  using L = Lanes<S>;
  L most = L::broadcast(-__builtin_inff());
  for (int j = 0; j < end; j += kKeyBlock) {
    most = ::greater(L::load(scores + j).keep(L::broadcast(-__builtin_inff()), begin - j, end - j), most);
  }
  const L greatest = L::broadcast(greatest_of(most));
  L sum = L::broadcast(0.0f);
  for (int j = 0; j < end; j += kKeyBlock) {
    const L p = exp_of(L::load(scores + j) - greatest).keep(L::broadcast(0.0f), begin - j, end - j);
    p.store(scores + j);
    sum = sum + p;
  }
  return row_sum(sum);
}

// out = sum of p[j] * value[j] for `kQueries` queries and `kVectors` * 16 dimensions from `dimension` on.
template <class S, int kQueries, int kVectors>
void sum_values(const AttentionHeads& heads, int first_query, int dimension, const float* scores, size_t stride,
                const float* sums) {
  using L = Lanes<S>;
  L acc[kQueries][kVectors];
  for (auto& query : acc) {
    for (L& vector : query) vector = L::broadcast(0.0f);
  }
  const int first = heads.begin / kKeyBlock * kKeyBlock;
  for (int block = first; block < heads.end; block += kKeyBlock) {
    const uint16_t* page = heads.values + static_cast<size_t>(heads.pages[block / kKeyBlock]) * heads.page_stride + dimension;
    const int from = heads.begin > block ? heads.begin - block : 0;
    const int to = heads.end - block < kKeyBlock ? heads.end - block : kKeyBlock;
    for (int slot = from; slot < to; ++slot) {
      L value[kVectors];
      for (int v = 0; v < kVectors; ++v) value[v] = L::load_halves(page + slot * heads.head_size + v * kLanes);
      for (int h = 0; h < kQueries; ++h) {
        const L p = L::broadcast(scores[static_cast<size_t>(h) * stride + static_cast<size_t>(block - first + slot)]);
        for (int v = 0; v < kVectors; ++v) acc[h][v] = fma(p, value[v], acc[h][v]);
      }
    }
  }
  for (int h = 0; h < kQueries; ++h) {
    float* out = heads.out + (first_query + h) * heads.head_size + dimension;
    for (int v = 0; v < kVectors; ++v) (acc[h][v] / L::broadcast(sums[h])).store(out + v * kLanes);
  }
}

template <class S, int kQueries>
void attend(const AttentionHeads& heads, int first_query) {
  const int first = heads.begin / kKeyBlock;
  const int blocks = (heads.end + kKeyBlock - 1) / kKeyBlock - first;
  const auto stride = static_cast<size_t>(blocks) * kKeyBlock;
  float* scores = heads.scores + static_cast<size_t>(first_query) * stride;
  int block = 0;
  for (; block + 2 <= blocks; block += 2) {
    score_blocks<S, kQueries, 2>(heads, first_query, first + block, scores + block * kKeyBlock, stride);
  }
  if (block < blocks) score_blocks<S, kQueries, 1>(heads, first_query, first + block, scores + block * kKeyBlock, stride);

  float sums[kQueries];
  const int origin = first * kKeyBlock;
  for (int h = 0; h < kQueries; ++h) {
    sums[h] = exponentials<S>(scores + static_cast<size_t>(h) * stride, heads.begin - origin, heads.end - origin);
  }
  int dimension = 0;
  for (; dimension + 2 * kLanes <= heads.head_size; dimension += 2 * kLanes) {
    sum_values<S, kQueries, 2>(heads, first_query, dimension, scores, stride, sums);
  }
  if (dimension < heads.head_size) sum_values<S, kQueries, 1>(heads, first_query, dimension, scores, stride, sums);
}

template <class S>
void attention(const AttentionHeads& heads) {
  int h = 0;
  for (; h + 4 <= heads.queries; h += 4) attend<S, 4>(heads, h);
  switch (heads.queries - h) {
    case 3: attend<S, 3>(heads, h); break;
    case 2: attend<S, 2>(heads, h); break;
    case 1: attend<S, 1>(heads, h); break;
    default: break;
  }
}

}  // namespace
