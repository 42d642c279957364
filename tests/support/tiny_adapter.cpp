#include "support/tiny_adapter.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <deque>
#include <random>

#include "base/check.h"
#include "gguf/output_file.h"
#include "support/random_tensor.h"

namespace riposte::support {

std::vector<std::byte> make_tiny_adapter(const gguf::File& base, const TinyAdapterOptions& options) {
  gguf::Writer writer;
  const auto set = [&](std::string_view key, const gguf::Value& value) {
    RIPOSTE_CHECK(writer.set(key, value).has_value());
  };
  set("general.type", std::string_view("adapter"));
  set("general.architecture", *base.get_string("general.architecture"));
  set("adapter.type", std::string_view("lora"));
  set("adapter.lora.alpha", options.alpha);
  if (!options.preset.empty()) {
    set("riposte.adapter.preset", std::string_view(options.preset));
    set("riposte.adapter.prompt", std::string_view(options.prompt));
  }
  std::mt19937_64 random(options.seed);
  std::deque<std::vector<std::byte>> data;  // what the writer's tensors view
  const auto rank = static_cast<uint64_t>(options.rank);
  const auto add = [&](const std::string& name, std::vector<uint64_t> shape, float deviation) {
    data.push_back(random_tensor(random, options.type, shape[0] * shape[1], deviation));
    RIPOSTE_CHECK(writer.add_tensor(name, options.type, std::move(shape), data.back()).has_value());
  };
  constexpr std::array<std::string_view, 7> kRoles = {".attn_q.",   ".attn_k.", ".attn_v.",  ".attn_output.",
                                                      ".ffn_gate.", ".ffn_up.", ".ffn_down."};
  const float scale = options.alpha / static_cast<float>(options.rank);
  for (const gguf::Tensor& tensor : base.tensors()) {
    bool adapted = false;
    for (const std::string_view role : kRoles)
      adapted |= tensor.name.find(role) != std::string_view::npos && tensor.name.ends_with(".weight");
    if (!adapted) continue;
    add(fmt::format("{}.lora_a", tensor.name), {tensor.columns(), rank},
        1.0f / std::sqrt(static_cast<float>(tensor.columns())));
    add(fmt::format("{}.lora_b", tensor.name), {rank, tensor.rows()},
        options.gain / (scale * std::sqrt(static_cast<float>(options.rank))));
  }
  return writer.bytes();
}

Result<void> write_tiny_adapter(const std::filesystem::path& path, const std::filesystem::path& base,
                                const TinyAdapterOptions& options) {
  const auto model = gguf::File::open(base);
  if (!model) return pass_on(model);
  auto file = gguf::OutputFile::create(path);
  if (!file) return pass_on(file);
  if (auto written = file->write(make_tiny_adapter(*model, options)); !written) return written;
  return file->commit();
}

}  // namespace riposte::support
