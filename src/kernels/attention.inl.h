// Attention of a few query heads over one key and value head, once for every instruction set (see vector_ops.inl.h).
//
// A lane is a key while scores are computed and a dimension while values are summed, so neither sum crosses lanes and
// the order of additions is the definition's on every machine. The queries of several rows go through the keys together:
// converting keys and values from half precision is half of the work for one row's queries alone.
#pragma once

#include "kernels/vector_ops.inl.h"

namespace {

// One query head of one row.
struct Query {
  const float* query;
  float* out;
  int begin;
  int end;
};

// How many queries share a pass: each has two vectors of sums, which should stay in registers.
template <class S>
constexpr int kTogether = S::kRows == kLanes ? kMostQueries : 4;

// Scores of `kQueries` queries for `kBlocks` blocks of 16 keys: kQueries * kBlocks independent sums. All loops over them
// are unrolled by name: a sum whose index varies would live in memory.
template <class S, int kQueries, int kBlocks>
void score_blocks(const AttentionHeads& heads, const Query* queries, int block, float* scores, size_t stride) {
  using L = Lanes<S>;
  const uint16_t* keys[kBlocks];
  L acc[kQueries][kBlocks];
#pragma GCC unroll 2
  for (int b = 0; b < kBlocks; ++b) {
    keys[b] = heads.keys + static_cast<size_t>(heads.pages[block + b]) * heads.page_stride;
#pragma GCC unroll 12
    for (int h = 0; h < kQueries; ++h) acc[h][b] = L::broadcast(0.0f);
  }
  for (int i = 0; i < heads.head_size; ++i) {
    L key[kBlocks];
#pragma GCC unroll 2
    for (int b = 0; b < kBlocks; ++b) key[b] = L::load_halves(keys[b] + i * kKeyBlock);
#pragma GCC unroll 12
    for (int h = 0; h < kQueries; ++h) {
      const L q = L::broadcast(queries[h].query[i]);
#pragma GCC unroll 2
      for (int b = 0; b < kBlocks; ++b) acc[h][b] = fma(q, key[b], acc[h][b]);
    }
  }
#pragma GCC unroll 12
  for (int h = 0; h < kQueries; ++h) {
#pragma GCC unroll 2
    for (int b = 0; b < kBlocks; ++b) acc[h][b].store(scores + static_cast<size_t>(h) * stride + b * kKeyBlock);
  }
}

// Scores to probabilities, not yet divided by their sum, which is returned. Of the blocks that [begin, end) touches the
// other lanes become 0.
template <class S>
float exponentials(float* scores, int begin, int end) {
  using L = Lanes<S>;
  const int first = begin / kKeyBlock * kKeyBlock;
  L most = L::broadcast(-__builtin_inff());
  for (int j = first; j < end; j += kKeyBlock) {
    most = ::greater(L::load(scores + j).keep(L::broadcast(-__builtin_inff()), begin - j, end - j), most);
  }
  const L greatest = L::broadcast(greatest_of(most));
  L sum = L::broadcast(0.0f);
  for (int j = first; j < end; j += kKeyBlock) {
    const L p = exp_of(L::load(scores + j) - greatest).keep(L::broadcast(0.0f), begin - j, end - j);
    p.store(scores + j);
    sum = sum + p;
  }
  return row_sum(sum);
}

// out = sum of p[j] * value[j] for `kQueries` queries and `kVectors` * 16 dimensions from `dimension` on.
template <class S, int kQueries, int kVectors>
void sum_values(const AttentionHeads& heads, const Query* queries, int dimension, int begin, int end, const float* scores,
                size_t stride, const float* sums) {
  using L = Lanes<S>;
  L acc[kQueries][kVectors];
#pragma GCC unroll 12
  for (int h = 0; h < kQueries; ++h) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) acc[h][v] = L::broadcast(0.0f);
  }
  int everywhere_from = begin;  // positions that all queries see
  int everywhere_to = end;
  for (int h = 0; h < kQueries; ++h) {
    everywhere_from = queries[h].begin > everywhere_from ? queries[h].begin : everywhere_from;
    everywhere_to = queries[h].end < everywhere_to ? queries[h].end : everywhere_to;
  }
  const int first = begin / kKeyBlock * kKeyBlock;
  const uint16_t* page = nullptr;
  const auto add = [&](int j, auto&& sees) __attribute__((always_inline)) {
    L value[kVectors];
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      value[v] = L::load_halves(page + (j % kKeyBlock) * heads.head_size + v * kLanes);
    }
    const float* p = scores + (j - first);
#pragma GCC unroll 12
    for (int h = 0; h < kQueries; ++h) {
      if (!sees(queries[h])) continue;
      const L weight = L::broadcast(p[static_cast<size_t>(h) * stride]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) acc[h][v] = fma(weight, value[v], acc[h][v]);
    }
  };
  for (int block = first; block < end; block += kKeyBlock) {
    page = heads.values + static_cast<size_t>(heads.pages[block / kKeyBlock]) * heads.page_stride + dimension;
    const int from = begin > block ? begin : block;
    const int to = end < block + kKeyBlock ? end : block + kKeyBlock;
    if (everywhere_from <= from && to <= everywhere_to) {
      for (int j = from; j < to; ++j) add(j, [](const Query&) { return true; });
    } else {
      for (int j = from; j < to; ++j) add(j, [j](const Query& query) { return query.begin <= j && j < query.end; });
    }
  }
#pragma GCC unroll 12
  for (int h = 0; h < kQueries; ++h) {
    float* out = queries[h].out + dimension;
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) (acc[h][v] / L::broadcast(sums[h])).store(out + v * kLanes);
  }
}

template <class S, int kQueries>
void attend(const AttentionHeads& heads, const Query* queries) {
  int begin = queries[0].begin;
  int end = queries[0].end;
  for (int h = 1; h < kQueries; ++h) {
    begin = queries[h].begin < begin ? queries[h].begin : begin;
    end = queries[h].end > end ? queries[h].end : end;
  }
  const int first = begin / kKeyBlock;
  const int blocks = (end + kKeyBlock - 1) / kKeyBlock - first;
  const auto stride = static_cast<size_t>(blocks) * kKeyBlock;
  int block = 0;
  for (; block + 2 <= blocks; block += 2) {
    score_blocks<S, kQueries, 2>(heads, queries, first + block, heads.scores + block * kKeyBlock, stride);
  }
  if (block < blocks) score_blocks<S, kQueries, 1>(heads, queries, first + block, heads.scores + block * kKeyBlock, stride);

  float sums[kQueries];
  const int origin = first * kKeyBlock;
  for (int h = 0; h < kQueries; ++h) {
    sums[h] = exponentials<S>(heads.scores + static_cast<size_t>(h) * stride, queries[h].begin - origin, queries[h].end - origin);
  }
  int dimension = 0;
  for (; dimension + 2 * kLanes <= heads.head_size; dimension += 2 * kLanes) {
    sum_values<S, kQueries, 2>(heads, queries, dimension, begin, end, heads.scores, stride, sums);
  }
  if (dimension < heads.head_size) {
    sum_values<S, kQueries, 1>(heads, queries, dimension, begin, end, heads.scores, stride, sums);
  }
}

// As many queries as there is a form for; returns how many.
template <class S>
int attend_some(const AttentionHeads& heads, const Query* queries, int count) {
  if constexpr (kTogether<S> > 4) {
    if (count >= 12) return attend<S, 12>(heads, queries), 12;
    if (count >= 9) return attend<S, 9>(heads, queries), 9;
    if (count >= 6) return attend<S, 6>(heads, queries), 6;
  }
  if (count >= 4) return attend<S, 4>(heads, queries), 4;
  if (count == 3) return attend<S, 3>(heads, queries), 3;
  if (count == 2) return attend<S, 2>(heads, queries), 2;
  return attend<S, 1>(heads, queries), 1;
}

template <class S>
void attention(const AttentionHeads& heads) {
  Query queries[kTogether<S>];
  int waiting = 0;
  const auto attend_all = [&] {
    for (int done = 0; done < waiting;) done += attend_some<S>(heads, queries + done, waiting - done);
    waiting = 0;
  };
  for (int row = 0; row < heads.rows; ++row) {
    for (int h = 0; h < heads.queries; ++h) {
      queries[waiting++] = {heads.query + static_cast<size_t>(row) * heads.query_stride + h * heads.head_size,
                            heads.out + static_cast<size_t>(row) * heads.out_stride + h * heads.head_size,
                            heads.ranges[row].begin, heads.ranges[row].end};
      if (waiting == kTogether<S>) attend_all();
    }
  }
  attend_all();
}

}  // namespace
