// What the operating system says about the processor: its name and its caches.
#pragma once

#include <cstddef>
#include <string>

namespace riposte::hardware {

// "AMD EPYC 9R14"; "unknown processor" where the system does not tell.
std::string processor_name();

// Bytes of data cache that the first processor can use. A level that it lacks, or that the system does not
// tell of, is 0. A virtual machine may share the third level with neighbours that it does not see.
struct CacheSizes {
  size_t l1 = 0;
  size_t l2 = 0;
  size_t l3 = 0;
};
CacheSizes cache_sizes();

}  // namespace riposte::hardware
