// A model's matrices in panels, in one piece of memory: packed by all threads at load, or found packed in a
// file.
#pragma once

#include <cstdint>
#include <span>
#include <thread>
#include <vector>

#include "base/aligned_buffer.h"
#include "base/mapped_file.h"
#include "hardware/thread_team.h"
#include "model/adapter.h"
#include "model/weights.h"
#include "quant/packed.h"

namespace riposte::executor {

struct PackedLayer {
  quant::PackedMatrix query, key, value, attention_output, gate, up, down;

  const quant::PackedMatrix& of(model::Product product) const;
  quant::PackedMatrix& of(model::Product product);
};

struct PackedWeights {
  // One of these holds the panels of all matrices: huge pages of our own, or a file (packed_file.h).
  AlignedBuffer<std::byte> memory;
  MappedFile file;

  std::vector<PackedLayer> layers;
  quant::PackedMatrix output;  // [vocabulary, hidden]; empty where these are an adapter's
  quant::PackedMatrix
      screen;  // of `output`, in the order of head_order; empty where it has no screening form
  std::vector<uint8_t> head_order;  // head_order.h

  std::jthread writer;  // may still read `memory`: the last member, so that it is joined first

  size_t bytes() const;
};

// Where one matrix lies in the memory of all.
struct PackedSection {
  gguf::TensorType type;
  quant::PackedFormat format;
  int32_t rows;
  int32_t columns;
  int64_t panels;
  size_t panel_bytes;
  size_t offset;  // a multiple of 64

  size_t bytes() const { return static_cast<size_t>(panels) * panel_bytes; }
  size_t end() const { return offset + bytes(); }
};

// The matrices one behind the other, in the order in which a step reads them; the end of the last is the size
// of the whole. A file's packed weights are laid out in the same way.
std::vector<PackedSection> plan_sections(const model::Weights& weights);

// Memory for all matrices, not filled yet. Of `weights` the shapes are enough; empty matrices have none.
PackedWeights place_weights(const model::Weights& weights);

// Packs into memory of its own. Each worker packs the panels that it will multiply later, so that their
// memory lies near.
PackedWeights pack_weights(const model::Weights& weights, hardware::ThreadTeam& team);

// Copies what lies packed at `panels`, laid out as planned; each worker copies the panels that it will
// multiply later.
PackedWeights copy_weights(const model::Weights& weights, std::span<const std::byte> panels,
                           hardware::ThreadTeam& team);

// Uses what lies packed at `panels`, a part of `file`, where it is.
PackedWeights view_weights(const model::Weights& weights, std::span<const std::byte> panels, MappedFile file);

}  // namespace riposte::executor
