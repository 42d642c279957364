// The tables of functions, one an instruction set, each defined in the file of that name.
#pragma once

#include "kernels/ops.h"

namespace riposte::kernels {

extern const Kernels kReference;
#if defined(__x86_64__)
extern const Kernels kAvx2;
extern const Kernels kAvxVnni;
extern const Kernels kAvx512;
extern const Kernels kAvx512Vnni;
extern const Kernels kAvx512Vnni256;
#elif defined(__aarch64__)
extern const Kernels kNeonDotprod;
extern const Kernels kNeonI8mm;
#endif

}  // namespace riposte::kernels
