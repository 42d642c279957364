// An instruction set's peak loops (hardware/peak_loops.h), made of its primitives S and its dot product D
// like everything else in its table: the arithmetic of a matrix product with all operands at hand and nothing
// around it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "hardware/peak_loops.h"

namespace {

// As if the object were read and changed here, so that the compiler can neither foresee what it holds nor
// leave it out.
template <class T>
void touch(T& object) {
  asm volatile("" : "+m"(object));
}

// Every loop over an array of vectors is unrolled, so that the array stays in registers.

// The dot products of a 4-bit group with 3 times 4 rows: 12 sums hide the latency of any multiplier.
template <class S, class D>
int64_t peak_int8(int64_t rounds) {
  constexpr int kColumns = 8, kRows = 4, kBlocks = 3;
  alignas(64) int32_t weights[kColumns][16];
  alignas(64) int32_t activations[kBlocks][kRows * kColumns];
  for (auto& column : weights) {
    for (int32_t& four : column) four = 0x01020304;
  }
  for (auto& block : activations) {
    for (int32_t& four : block) four = 0x04030201;
  }
  typename S::I sums[kBlocks][kRows];
#pragma GCC unroll 3
  for (auto& block : sums) {
#pragma GCC unroll 4
    for (auto& sum : block) sum = S::zero();
  }
  for (int64_t round = 0; round < rounds; ++round) {
    touch(weights);
    touch(activations);
    typename S::I columns[kColumns];
#pragma GCC unroll 8
    for (int c = 0; c < kColumns; ++c) columns[c] = S::load(weights[c]);
#pragma GCC unroll 3
    for (int b = 0; b < kBlocks; ++b) D::template dot<4, kColumns, kRows>(sums[b], columns, activations[b]);
  }
#pragma GCC unroll 3
  for (const auto& block : sums) {
#pragma GCC unroll 4
    for (const auto& sum : block) {
      S::store_f(reinterpret_cast<float*>(weights[0]), S::as_float(sum));
      touch(weights);
    }
  }
  return rounds * kBlocks * kRows * kColumns * S::kRows * 4;
}

template <class S>
int64_t peak_float(int64_t rounds) {
  constexpr int kSums = 12;  // a multiply-add takes 4 cycles or so, and two begin in each
  alignas(64) float numbers[2][16];
  for (auto& vector : numbers) {
    for (float& number : vector) number = 0.5f;
  }
  typename S::F sums[kSums];
#pragma GCC unroll 12
  for (int i = 0; i < kSums; ++i)
    sums[i] = S::broadcast_f(static_cast<float>(i));  // equal ones would become one
  for (int64_t round = 0; round < rounds; ++round) {
    touch(numbers);
    const auto a = S::load_f(numbers[0]);
    const auto b = S::load_f(numbers[1]);
#pragma GCC unroll 12
    for (int i = 0; i < kSums; ++i) sums[i] = S::fma(a, b, sums[i]);
  }
#pragma GCC unroll 12
  for (int i = 1; i < kSums; ++i) sums[0] = S::add(sums[0], sums[i]);
  S::store_f(numbers[0], sums[0]);
  touch(numbers);
  return rounds * kSums * S::kRows;
}

template <class S>
void peak_read(const std::byte* data, size_t bytes, size_t ahead) {
  constexpr size_t kVector = S::kRows * 4;
  constexpr size_t kStep = 512;
  typename S::I seen[4] = {S::zero(), S::zero(), S::zero(), S::zero()};
  const auto read_step = [&](size_t at) {
#pragma GCC unroll 32
    for (size_t i = 0; i < kStep / kVector; ++i)
      seen[i % 4] = S::bits_or(seen[i % 4], S::load(data + at + i * kVector));
  };
  if (ahead == 0) {
    for (size_t at = 0; at < bytes; at += kStep) read_step(at);
  } else {
    for (size_t at = 0; at < bytes; at += kStep) {
#pragma GCC unroll 8
      for (size_t line = 0; line < kStep; line += 64) S::prefetch(data + at + ahead + line);
      read_step(at);
    }
  }
  alignas(64) float result[S::kRows];
#pragma GCC unroll 4
  for (const auto& one : seen) {
    S::store_f(result, S::as_float(one));
    touch(result);
  }
}

template <class S, class D>
constexpr riposte::hardware::PeakLoops peak_loops(std::string_view name) {
  return {name, ::peak_int8<S, D>, ::peak_float<S>, ::peak_read<S>};
}

}  // namespace
