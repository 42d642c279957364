#include "base/aligned_buffer.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

namespace riposte {
namespace {

// From this size on a buffer is mapped by itself: the kernel zeroes it lazily, page by page, by the thread that
// touches it first, and can back it with huge pages (fewer misses of the address cache while weights stream by).
constexpr size_t kMapThreshold = size_t{1} << 20;
constexpr size_t kHugePage = size_t{2} << 20;

size_t round_up(size_t value, size_t multiple) {
  if (value > SIZE_MAX - multiple) throw std::bad_alloc();
  return (value + multiple - 1) / multiple * multiple;
}

}  // namespace

void* allocate_aligned(size_t bytes) {
  if (bytes < kMapThreshold) {
    const size_t size = round_up(bytes, 64);
    void* memory = std::aligned_alloc(64, size);
    if (!memory) throw std::bad_alloc();
    return std::memset(memory, 0, size);
  }
  // Map one huge page more than needed and give back what lies before and after the aligned part.
  const size_t size = round_up(bytes, kHugePage);
  const size_t mapped = size + kHugePage;
  void* raw = ::mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (raw == MAP_FAILED) throw std::bad_alloc();
  char* begin = static_cast<char*>(raw);
  char* aligned = reinterpret_cast<char*>(round_up(reinterpret_cast<size_t>(begin), kHugePage));
  if (aligned > begin) ::munmap(begin, static_cast<size_t>(aligned - begin));
  char* end = begin + mapped;
  if (end > aligned + size) ::munmap(aligned + size, static_cast<size_t>(end - aligned - size));
  ::madvise(aligned, size, MADV_HUGEPAGE);
  return aligned;
}

void free_aligned(void* memory, size_t bytes) noexcept {
  if (bytes < kMapThreshold) {
    std::free(memory);
  } else {
    ::munmap(memory, (bytes + kHugePage - 1) / kHugePage * kHugePage);
  }
}

}  // namespace riposte
