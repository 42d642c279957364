// The instruction sets that the processor has and the operating system saves the registers of.
#pragma once

namespace riposte::hardware {

// Each includes what stands above it in its family, but for avx_vnni and the AVX-512 ones, which do not include each other.
struct CpuFeatures {
  // x86-64
  bool avx2 = false;          // with FMA and F16C
  bool avx_vnni = false;      // 256-bit vpdpbusd without AVX-512
  bool avx512 = false;        // F, BW, VL, DQ
  bool avx512_vnni = false;
  // 64-bit Arm, where NEON itself is always there
  bool neon_dotprod = false;  // sdot, udot
  bool neon_i8mm = false;     // usdot and matrices of bytes
};

CpuFeatures cpu_features();

}  // namespace riposte::hardware
