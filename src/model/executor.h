// The seam between those who decide what to compute (engine) and those who compute it (executor/).
//
// An Executor is the only thing that knows tensors. It owns the KV memory, which it hands out as numbered pages; which
// page holds which tokens is the caller's business (kvcache). It is used by one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "base/token.h"

namespace riposte::model {

using PageId = int32_t;

// One of the adapters (adapter.h) that an executor was made with, counted from 1; 0: the base alone.
using AdapterId = int32_t;
inline constexpr AdapterId kNoAdapter = 0;

// What a row of a step must answer.
enum class RowOutput : uint8_t {
  kNone,    // only write its keys and values
  kArgmax,  // the id of the highest logit (the lowest id among equals)
  kLogits,  // all logits
  kHidden,  // the hidden state behind the last norm, from which logits would be computed
};

// The rows of one step, as flat arrays. Row r feeds tokens[r] at positions[r] of sequence sequences[r]: its keys and
// values are written to that position, and it attends to all positions of its sequence up to its own, among them those
// of earlier rows of the same step. Rows of one sequence come in ascending order of position, without gaps, and every
// position below the first of them was written by earlier steps (or shared pages).
// The bits of a row's answer depend on its sequence's tokens and adapter alone, never on the other rows of the step.
//
// Several continuations of one text are verified as several sequences that share what they have in common: its pages,
// and inside the page where they part its rows, which are computed once and written into each of their page tables
// (also_in). A page that one sequence writes in a step is read by another only as the same page of its table, and only
// if the writer has filled it by then and the reader writes further on.
struct StepBatch {
  std::span<const TokenId> tokens;       // [rows]
  std::span<const int32_t> positions;    // [rows]
  std::span<const int32_t> sequences;    // [rows], index into page_tables
  std::span<const RowOutput> outputs;    // [rows]
  // [sequences][pages]: position p of a sequence lies in its page p / page_size, slot p % page_size.
  std::span<const std::span<const PageId>> page_tables;
  // [rows]: further sequences into whose pages the row's keys and values are written, at the same position; to them
  // the row is one of their own. Empty: none of any row.
  std::span<const std::span<const int32_t>> also_in = {};
  // [sequences]: what computes each of them. Keys and values of one adapter mean nothing to another. Empty: the base.
  std::span<const AdapterId> adapters = {};
};

// Valid until the next step.
struct StepResult {
  std::span<const TokenId> argmax;            // [rows]; kNoToken where the row asked for nothing
  std::span<const std::span<const float>> logits;  // [rows][vocabulary]; empty where not asked for
  std::span<const std::span<const float>> hidden = {};  // [rows][hidden]; empty where not asked for, or altogether
};

struct ExecutorLimits {
  int32_t page_size = 0;     // tokens a page
  int32_t pages = 0;         // pages that exist: ids 0 .. pages-1
  int32_t max_rows = 0;      // rows a step
  int32_t max_logit_rows = 0;  // rows of a step that may ask for kArgmax or kLogits
  int32_t vocabulary = 0;
  int32_t context_length = 0;
  int32_t hidden = 0;  // values of a hidden state; any row may ask for one. 0: none may
  int32_t adapters = 0;  // ids 1 .. adapters exist
};

class Executor {
 public:
  virtual ~Executor() = default;
  virtual ExecutorLimits limits() const = 0;
  // Errors: kInvalidArgument if the batch contradicts itself or the limits (nothing was computed or written then).
  virtual Result<StepResult> step(const StepBatch& batch) = 0;
  // Copies the first `tokens` slots of a page, so that two sequences can share a beginning that ends inside a page.
  virtual void copy_page(PageId from, PageId to, int32_t tokens) = 0;

  // For snapshots of KV memory. The bytes of a page; 0: its pages cannot be read or written.
  virtual size_t page_bytes() const { return 0; }
  // The first `tokens` slots of a page, zeros for the others, into `to` (page_bytes() long), and back. Bytes of the
  // same model and the same arithmetic have the same meaning in every process on every machine of this byte order.
  virtual void read_page(PageId /*page*/, int32_t /*tokens*/, std::span<std::byte> /*to*/) const {}
  virtual void write_page(PageId /*page*/, std::span<const std::byte> /*from*/) {}
};

}  // namespace riposte::model
