// The instruction sets that the processor has and the operating system saves the registers of.
#pragma once

namespace riposte::hardware {

struct CpuFeatures {
  bool avx2 = false;         // with FMA and F16C
  bool avx512 = false;       // F, BW, VL, DQ
  bool avx512_vnni = false;
};

CpuFeatures cpu_features();

}  // namespace riposte::hardware
