#include "apps/step_work.h"

#include <algorithm>

#include "executor/cpu/screened_head.h"
#include "quant/packed.h"

namespace riposte::apps {
namespace {

using executor::StepPart;

Work product(const model::Matrix& matrix, int32_t rows) {
  const auto panels = static_cast<double>((matrix.rows + quant::kPanelRows - 1) / quant::kPanelRows);
  const quant::PanelLayout layout(quant::packed_format(matrix.type), matrix.columns);
  return {.bytes = panels * static_cast<double>(layout.bytes),
          .multiplications = static_cast<double>(matrix.rows) * matrix.columns * rows};
}

// The output head: where it has a screening form, a few rows read little more than that.
Work head(const model::Matrix& matrix, int32_t rows) {
  const bool screens = quant::packed_format(matrix.type) == quant::kPackedQ8_0 &&
                       rows <= executor::most_screened_rows(matrix.rows);
  if (!screens) return product(matrix, rows);
  const auto panels = static_cast<double>((matrix.rows + quant::kPanelRows - 1) / quant::kPanelRows);
  Work work = product(matrix, rows);
  work.bytes = panels * static_cast<double>(quant::PanelLayout(quant::kScreenQ8_0, matrix.columns).bytes);
  return work;
}

}  // namespace

Work& Work::operator+=(const Work& other) {
  bytes += other.bytes;
  multiplications += other.multiplications;
  return *this;
}

Work StepWork::all() const {
  Work sum;
  for (const Work& part : parts) sum += part;
  return sum;
}

StepWork work_of_step(const model::Model& model, int32_t rows, int32_t answers, int32_t context) {
  StepWork work;
  const auto part = [&](StepPart name) -> Work& { return work.parts[static_cast<size_t>(name)]; };
  const model::ModelConfig& config = model.config;
  for (int32_t index = 0; index < config.layers; ++index) {
    const model::LayerWeights& layer = model.weights.layers[static_cast<size_t>(index)];
    for (const model::Matrix* matrix : {&layer.query, &layer.key, &layer.value}) {
      part(StepPart::kQkv) += product(*matrix, rows);
    }
    const int32_t after_keys = index + 1 < config.layers ? rows : answers;
    part(StepPart::kAttentionOutput) += product(layer.attention_output, after_keys);
    for (const model::Matrix* matrix : {&layer.gate, &layer.up})
      part(StepPart::kGateUp) += product(*matrix, after_keys);
    part(StepPart::kDown) += product(layer.down, after_keys);
    // Keys and values in half precision, once for all rows.
    const int32_t visible =
        config.is_local(index) ? std::min(context + rows, config.sliding_window + rows) : context + rows;
    part(StepPart::kAttention) +=
        {.bytes = 2.0 * sizeof(uint16_t) * visible * config.kv_heads * config.head_size};
  }
  part(StepPart::kHead) += head(model.weights.output, answers);
  return work;
}

}  // namespace riposte::apps
