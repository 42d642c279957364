// Which memory the kernel maps in huge pages.
#pragma once

#include <cstddef>
#include <span>

namespace riposte::executor {

// How much of the mapped file's memory at `bytes` is mapped in huge pages at this moment (FilePmdMapped in
// /proc/self/smaps); 0 where the kernel does not say. Whole mappings that overlap `bytes` are counted.
size_t huge_page_bytes(std::span<const std::byte> bytes);

}  // namespace riposte::executor
