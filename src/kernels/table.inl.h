// An instruction set's table: every operation, made of its primitives S and its dot product D. An operation added here is
// there on every instruction set. The tables are constants (constinit): a constructor would run this instruction set's
// code at start, on machines that lack it.
#pragma once

#include "kernels/attention.inl.h"
#include "kernels/panel_product.inl.h"
#include "kernels/peak.inl.h"
#include "kernels/quantize.inl.h"
#include "kernels/screen.inl.h"
#include "kernels/tables.h"
#include "kernels/vector_ops.inl.h"

namespace {

template <class S, class D>
constexpr Kernels table_of(std::string_view name) {
  return {.name = name,
          .panel_product = ::panel_product<S, D>,
          .screen = ::screen<S, D>,
          .rms_norm = ::rms_norm<S>,
          .quantize = ::quantize<S>,
          .residual = ::residual<S>,
          .energy = ::energy<S>,
          .silu_multiply = ::silu_multiply<S>,
          .gelu_multiply = ::gelu_multiply<S>,
          .add = ::add<S>,
          .scale = ::scale<S>,
          .rotate = ::rotate<S>,
          .to_half = ::to_half<S>,
          .attention = ::attention<S>,
          .argmax = ::argmax<S>,
          .peak = ::peak_loops<S, D>(name)};
}

}  // namespace
