#include "executor/cpu/packed_weights.h"

#include <cstring>

#include "executor/cpu/head_order.h"

namespace riposte::executor {
namespace {

struct Role {
  quant::PackedMatrix PackedLayer::*packed;
  model::Matrix model::LayerWeights::*file;
};

constexpr Role kRoles[model::kProducts] = {
    // index: model::Product
    {&PackedLayer::query, &model::LayerWeights::query},
    {&PackedLayer::key, &model::LayerWeights::key},
    {&PackedLayer::value, &model::LayerWeights::value},
    {&PackedLayer::attention_output, &model::LayerWeights::attention_output},
    {&PackedLayer::gate, &model::LayerWeights::gate},
    {&PackedLayer::up, &model::LayerWeights::up},
    {&PackedLayer::down, &model::LayerWeights::down},
};

// A head in any format but Q8_0 is too small for a screening form to gain.
bool has_screen(const model::Weights& weights) {
  return !weights.output.empty() && quant::packed_format(weights.output.type) == quant::kPackedQ8_0;
}

// All matrices of a model and of its packed form, in the same order: that of a step.
std::vector<const model::Matrix*> matrices_of(const model::Weights& weights) {
  std::vector<const model::Matrix*> matrices;
  for (const model::LayerWeights& layer : weights.layers) {
    for (const Role& role : kRoles) matrices.push_back(&(layer.*role.file));
  }
  matrices.push_back(&weights.output);
  return matrices;
}

std::vector<quant::PackedMatrix*> matrices_of(PackedWeights& packed) {
  std::vector<quant::PackedMatrix*> matrices;
  for (PackedLayer& layer : packed.layers) {
    for (const Role& role : kRoles) matrices.push_back(&(layer.*role.packed));
  }
  matrices.push_back(&packed.output);
  if (!packed.head_order.empty()) matrices.push_back(&packed.screen);
  return matrices;
}

PackedWeights with_layers(const model::Weights& weights) {
  PackedWeights packed;
  packed.layers.resize(weights.layers.size());
  packed.head_order = head_order(weights);
  return packed;
}

}  // namespace

const quant::PackedMatrix& PackedLayer::of(model::Product product) const {
  return this->*kRoles[static_cast<size_t>(product)].packed;
}

quant::PackedMatrix& PackedLayer::of(model::Product product) {
  return this->*kRoles[static_cast<size_t>(product)].packed;
}

std::vector<PackedSection> plan_sections(const model::Weights& weights) {
  std::vector<PackedSection> sections;
  const auto add = [&](const model::Matrix& matrix, quant::PackedFormat format) {
    const size_t bytes = quant::packed_bytes(format, matrix.rows, matrix.columns);
    const int64_t panels = (matrix.rows + quant::kPanelRows - 1) / quant::kPanelRows;
    const size_t panel_bytes = panels > 0 ? bytes / static_cast<size_t>(panels) : 0;
    const size_t offset = sections.empty() ? 0 : sections.back().end();
    sections.push_back({matrix.type, format, matrix.rows, matrix.columns, panels, panel_bytes, offset});
  };
  for (const model::Matrix* matrix : matrices_of(weights)) add(*matrix, quant::packed_format(matrix->type));
  if (has_screen(weights)) add(weights.output, quant::kScreenQ8_0);
  return sections;
}

PackedWeights place_weights(const model::Weights& weights) {
  const std::vector<PackedSection> sections = plan_sections(weights);
  PackedWeights packed = with_layers(weights);
  packed.memory = AlignedBuffer<std::byte>(sections.back().end());
  const auto matrices = matrices_of(packed);
  for (size_t i = 0; i < sections.size(); ++i) {
    const PackedSection& section = sections[i];
    *matrices[i] = quant::PackedMatrix(section.type, section.format, section.rows, section.columns,
                                       packed.memory.span().subspan(section.offset, section.bytes()));
  }
  return packed;
}

PackedWeights pack_weights(const model::Weights& weights, hardware::ThreadTeam& team) {
  PackedWeights packed = place_weights(weights);
  auto sources = matrices_of(weights);
  if (has_screen(weights)) sources.push_back(&weights.output);
  const auto matrices = matrices_of(packed);
  team.run([&](int worker) {
    for (size_t i = 0; i < matrices.size(); ++i) {
      const hardware::Share share = hardware::share_of(matrices[i]->panels(), worker, team.size());
      const quant::InputOrder order = matrices[i] == &packed.screen ? packed.head_order : quant::InputOrder();
      matrices[i]->pack_panels(sources[i]->data, share.begin, share.end, order);
    }
  });
  return packed;
}

PackedWeights copy_weights(const model::Weights& weights, std::span<const std::byte> panels,
                           hardware::ThreadTeam& team) {
  const std::vector<PackedSection> sections = plan_sections(weights);
  AlignedBuffer<std::byte> memory(sections.back().end());
  team.run([&](int worker) {
    for (const PackedSection& section : sections) {
      const hardware::Share share = hardware::share_of(section.panels, worker, team.size());
      const size_t begin = section.offset + static_cast<size_t>(share.begin) * section.panel_bytes;
      const size_t bytes = static_cast<size_t>(share.end - share.begin) * section.panel_bytes;
      if (bytes > 0) std::memcpy(memory.data() + begin, panels.data() + begin, bytes);
    }
  });
  PackedWeights packed = view_weights(weights, memory.span(), {});
  packed.memory = std::move(memory);
  return packed;
}

PackedWeights view_weights(const model::Weights& weights, std::span<const std::byte> panels,
                           MappedFile file) {
  const std::vector<PackedSection> sections = plan_sections(weights);
  PackedWeights packed = with_layers(weights);
  const auto matrices = matrices_of(packed);
  for (size_t i = 0; i < sections.size(); ++i) {
    const PackedSection& section = sections[i];
    *matrices[i] = quant::PackedMatrix::view(section.type, section.format, section.rows, section.columns,
                                             panels.subspan(section.offset, section.bytes()));
  }
  packed.file = std::move(file);
  return packed;
}

size_t PackedWeights::bytes() const {
  size_t sum = output.bytes() + screen.bytes();
  for (const PackedLayer& layer : layers) {
    for (const Role& role : kRoles) sum += (layer.*role.packed).bytes();
  }
  return sum;
}

}  // namespace riposte::executor
