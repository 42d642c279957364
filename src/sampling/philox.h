// Random numbers as a pure function of (key, counter): Philox4x32-10 from "Parallel random numbers: as easy
// as 1, 2, 3" (Salmon, Moraes, Dror, Shaw; SC 2011), section 3.3. No state, so nothing can get out of step.
#pragma once

#include <array>
#include <cstdint>

namespace riposte::sampling {

// The key's words and the counter's words, least significant first, as in the paper's known-answer tests.
constexpr std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t a = uint64_t{0xD2511F53} * counter[0];
    const uint64_t b = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(b >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(b),
               static_cast<uint32_t>(a >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(a)};
    key[0] += 0x9E3779B9;  // the golden ratio
    key[1] += 0xBB67AE85;  // sqrt(3) - 1
  }
  return counter;
}

// The random number of a position: uniform in [0, 1), a multiple of 2^-53.
constexpr double uniform(uint64_t seed, int64_t position) {
  const auto counter = static_cast<uint64_t>(position);
  const auto words = philox4x32({static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32), 0, 0},
                                {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  const uint64_t bits = (uint64_t{words[1]} << 32 | words[0]) >> 11;
  return static_cast<double>(bits) * 0x1p-53;
}

}  // namespace riposte::sampling
