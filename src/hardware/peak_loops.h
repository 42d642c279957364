// The loops that ceilings are measured with. An instruction set supplies them (kernels/peak.h); this folder
// only runs them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace riposte::hardware {

struct PeakLoops {
  std::string_view instruction_set;  // the name of the kernels that multiply with it

  // `rounds` rounds of independent multiply-accumulates in registers: int8 products summed in int32 as the
  // kernels sum them, and float32 fused multiply-adds. They return how many multiply-accumulates that was.
  int64_t (*multiply_int8)(int64_t rounds);
  int64_t (*multiply_float)(int64_t rounds);

  // Reads `bytes` (a multiple of 1024) at `data` (aligned to 64) once, in order, and asks for what lies
  // `ahead` bytes further on; 0: leaves that to the hardware.
  void (*read)(const std::byte* data, size_t bytes, size_t ahead);
};

}  // namespace riposte::hardware
