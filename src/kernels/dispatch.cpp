// Which kernels this machine can run, decided once from its CPUID.
#include <array>
#include <string>
#include <vector>

#include "hardware/cpu_features.h"
#include "kernels/ops.h"
#include "kernels/tables.h"

namespace riposte::kernels {

std::span<const Kernels* const> available_kernels() {
  static const std::vector<const Kernels*> available = [] {
    std::vector<const Kernels*> found;
#if defined(__x86_64__)
    const hardware::CpuFeatures features = hardware::cpu_features();
    if (features.avx512 && features.avx512_vnni) found.push_back(&kAvx512Vnni);
    if (features.avx512) found.push_back(&kAvx512);
    if (features.avx2) found.push_back(&kAvx2);
#endif
    found.push_back(&kReference);
    return found;
  }();
  return available;
}

Result<const Kernels*> find_kernels(std::string_view name) {
  if (name.empty()) return available_kernels().front();
  std::string names;
  for (const Kernels* kernels : available_kernels()) {
    if (kernels->name == name) return kernels;
    names += names.empty() ? "" : ", ";
    names += kernels->name;
  }
  return fail(ErrorCode::kUnsupported, "this machine has no instruction set '{}'; it has: {}", name, names);
}

}  // namespace riposte::kernels
