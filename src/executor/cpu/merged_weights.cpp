#include "executor/cpu/merged_weights.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include "model/merge.h"

namespace riposte::executor {

model::Weights merged_shapes(const model::Adapter& adapter, const model::Weights& base,
                             gguf::TensorType type) {
  model::Weights shapes;
  shapes.layers.resize(base.layers.size());
  for (size_t layer = 0; layer < base.layers.size(); ++layer) {
    for (size_t product = 0; product < model::kProducts; ++product) {
      if (adapter.layers[layer][product].empty()) continue;
      const model::Matrix& weight = matrix_of(base.layers[layer], static_cast<model::Product>(product));
      matrix_of(shapes.layers[layer], static_cast<model::Product>(product)) = {
          type, weight.rows, weight.columns, {}};
    }
  }
  return shapes;
}

Result<PackedWeights> pack_merged(const model::Adapter& adapter, const model::Weights& base,
                                  gguf::TensorType type, hardware::ThreadTeam& team) {
  PackedWeights packed = place_weights(merged_shapes(adapter, base, type));
  std::atomic<bool> too_large = false;
  std::vector<std::byte> sums;  // of one matrix: a worker packs the rows that it added up itself
  for (size_t layer = 0; layer < packed.layers.size(); ++layer) {
    for (size_t index = 0; index < model::kProducts; ++index) {
      const auto product = static_cast<model::Product>(index);
      const model::LowRank& pair = adapter.layers[layer][index];
      if (pair.empty()) continue;
      const model::Matrix& weight = matrix_of(base.layers[layer], product);
      sums.resize(static_cast<size_t>(weight.rows) * model::Matrix{type, 1, weight.columns, {}}.row_bytes());
      quant::PackedMatrix& matrix = packed.layers[layer].of(product);
      team.run([&](int worker) {
        const hardware::Share panels = hardware::share_of(matrix.panels(), worker, team.size());
        const auto begin = static_cast<int32_t>(panels.begin) * quant::kPanelRows;
        const int32_t end = std::min(static_cast<int32_t>(panels.end) * quant::kPanelRows, weight.rows);
        if (!model::merge_rows(pair, weight, type, begin, end, sums)) too_large = true;
        matrix.pack_panels(sums, panels.begin, panels.end);
      });
    }
  }
  if (too_large)
    return fail(ErrorCode::kUnsupported,
                "the values of an adapter are too large to be merged into weights of {}",
                gguf::name_of(type));
  return packed;
}

}  // namespace riposte::executor
