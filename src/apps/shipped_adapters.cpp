#include "apps/shipped_adapters.h"

#include <algorithm>
#include <string_view>
#include <utility>

// The file's bytes, as they are, between two symbols; GGUF wants its tensors aligned.
asm(R"(
    .section .rodata
    .balign 64
  riposte_grammar_smollm2_begin:
    .incbin ")" RIPOSTE_GRAMMAR_SMOLLM2 R"("
  riposte_grammar_smollm2_end:
    .byte 0
    .text
)");
extern "C" const std::byte riposte_grammar_smollm2_begin;
extern "C" const std::byte riposte_grammar_smollm2_end;

namespace riposte::apps {
namespace {

struct Shipped {
  std::string_view name;
  const std::byte* begin;
  const std::byte* end;
};

constexpr Shipped kShipped[] = {{"grammar", &riposte_grammar_smollm2_begin, &riposte_grammar_smollm2_end}};

bool is_taken(const Shipped& shipped, const model::Adapter& adapter, std::span<const NamedAdapter> adapters) {
  return std::ranges::any_of(adapters, [&](const NamedAdapter& other) {
    return other.name == shipped.name ||
           (other.adapter->preset == adapter.preset && other.adapter->language == adapter.language);
  });
}

}  // namespace

Result<void> add_shipped_adapters(const AdapterBase& base, std::vector<NamedAdapter>& adapters) {
  for (const Shipped& shipped : kShipped) {
    auto file = gguf::File::parse({shipped.begin, shipped.end});
    if (!file) return pass_on(file);
    auto adapter = model::Adapter::read(std::move(*file), base.config, base.weights);
    if (!adapter && adapter.error().code == ErrorCode::kInvalidArgument) continue;  // another model's
    if (!adapter) return tl::unexpected(adapter.error().within(fmt::format("the adapter '{}'", shipped.name)));
    if (is_taken(shipped, *adapter, adapters)) continue;
    adapters.push_back({.name = std::string(shipped.name),
                        .id = static_cast<model::AdapterId>(adapters.size() + 1),
                        .adapter = std::make_shared<const model::Adapter>(std::move(*adapter)),
                        .shipped = true});
  }
  return {};
}

}  // namespace riposte::apps
