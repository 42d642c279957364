#include "apps/fingerprint.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <memory>

namespace riposte::apps {
namespace {

constexpr size_t kSampleBytes = 4096;

struct StateDeleter {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

}  // namespace

std::string fingerprint(const model::Model& model, std::string_view executor) {
  const std::unique_ptr<XXH3_state_t, StateDeleter> state(XXH3_createState());
  XXH3_64bits_reset(state.get());
  const auto add = [&](const void* data, size_t bytes) { XXH3_64bits_update(state.get(), data, bytes); };
  for (const gguf::Tensor& tensor : model.file.tensors()) {
    const size_t sample = std::min(kSampleBytes, tensor.data.size());
    add(tensor.name.data(), tensor.name.size());
    add(&tensor.type, sizeof tensor.type);
    add(tensor.shape.data(), tensor.shape.size() * sizeof tensor.shape[0]);
    add(tensor.data.data(), sample);
    add(tensor.data.data() + tensor.data.size() - sample, sample);
  }
  constexpr std::string_view kVersion = RIPOSTE_VERSION;
  add(kVersion.data(), kVersion.size());
  add(executor.data(), executor.size());
  return fmt::format("fp_{:016x}", XXH3_64bits_digest(state.get()));
}

std::string fingerprint(std::string_view base, const model::Adapter& adapter,
                        std::optional<gguf::TensorType> merged) {
  const std::string whole = fmt::format("{}{}", base, merged ? gguf::name_of(*merged) : "");
  return fmt::format("fp_{:016x}", XXH3_64bits_withSeed(whole.data(), whole.size(), adapter.hash));
}

}  // namespace riposte::apps
