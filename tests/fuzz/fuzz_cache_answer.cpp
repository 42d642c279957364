// Any bytes as a value from Redis, with a checksum that fits: they are refused, or exactly what would be
// written.
#include <xxhash.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "cache/answer_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace riposte::cache;
  static const KeyHash key = hash_of_key("key");
  // The input is what follows the key, so that the fuzzer need not guess that.
  std::string bytes =
      "RPA2" + std::string(key.begin(), key.end()) + std::string(reinterpret_cast<const char*>(data), size);
  const XXH64_hash_t sum = XXH3_64bits(bytes.data(), bytes.size());
  bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  const auto answer = decode_answer(bytes, key, {.vocabulary = 1000});
  if (answer && encode_answer(key, *answer) != bytes) std::abort();
  return 0;
}
