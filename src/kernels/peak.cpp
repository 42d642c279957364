#include "kernels/peak.h"

#include <vector>

#include "kernels/ops.h"

namespace riposte::kernels {

std::span<const hardware::PeakLoops> available_peak_loops() {
  static const std::vector<hardware::PeakLoops> available = [] {
    std::vector<hardware::PeakLoops> found;
    for (const Kernels* kernels : available_kernels()) found.push_back(kernels->peak);
    return found;
  }();
  return available;
}

}  // namespace riposte::kernels
