// Which kernels this machine can run, decided once from what the processor says of itself.
//
// All but one are tested by being run, here or under an emulator. No machine at hand has AVX-VNNI and no emulator knows it,
// so avx_vnni is proven by avx512_vnni_256: the same source around the same instruction in its other encoding.
#include <string>
#include <vector>

#include "hardware/cpu_features.h"
#include "kernels/ops.h"
#include "kernels/tables.h"

namespace riposte::kernels {

std::span<const Kernels* const> available_kernels() {
  static const std::vector<const Kernels*> available = [] {
    std::vector<const Kernels*> found;
    [[maybe_unused]] const hardware::CpuFeatures features = hardware::cpu_features();
#if defined(__x86_64__)
    if (features.avx512_vnni) found.push_back(&kAvx512Vnni);
    if (features.avx512_vnni) found.push_back(&kAvx512Vnni256);
    if (features.avx512) found.push_back(&kAvx512);
    if (features.avx_vnni) found.push_back(&kAvxVnni);
    if (features.avx2) found.push_back(&kAvx2);
#elif defined(__aarch64__)
    if (features.neon_i8mm) found.push_back(&kNeonI8mm);
    if (features.neon_dotprod) found.push_back(&kNeonDotprod);
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
