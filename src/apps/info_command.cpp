// riposte info: what is inside a model file, and what it will need.
#include <boost/json.hpp>
#include <map>
#include <memory>

#include "apps/command.h"
#include "apps/model_lookup.h"
#include "apps/output.h"
#include "apps/pull/progress.h"
#include "apps/runtime.h"
#include "model/model.h"

namespace riposte::apps {
namespace {

namespace json = boost::json;

struct Options {
  std::string model;
  int32_t context = 4096;
  bool as_json = false;
};

struct TypeShare {
  uint64_t tensors = 0, elements = 0, bytes = 0;
};

struct Contents {
  std::map<std::string, TypeShare> types;
  uint64_t elements = 0, bytes = 0;
};

Contents count_tensors(const gguf::File& file) {
  Contents contents;
  for (const gguf::Tensor& tensor : file.tensors()) {
    TypeShare& share = contents.types[std::string(gguf::name_of(tensor.type))];
    const uint64_t elements = tensor.columns() * tensor.rows();
    ++share.tensors;
    share.elements += elements;
    share.bytes += tensor.data.size();
    contents.elements += elements;
    contents.bytes += tensor.data.size();
  }
  return contents;
}

// Keys and values of one position in all layers, in half precision as the cpu executor keeps them.
uint64_t kv_bytes_per_token(const model::ModelConfig& config) {
  constexpr uint64_t kHalfBytes = 2, kKeyAndValue = 2;
  return kHalfBytes * kKeyAndValue * static_cast<uint64_t>(config.layers) *
         static_cast<uint64_t>(config.kv_heads) * static_cast<uint64_t>(config.head_size);
}

std::string tokenizer_kind(const gguf::File& file) {
  const auto model = file.get_string("tokenizer.ggml.model"), pre = file.get_string("tokenizer.ggml.pre");
  std::string text = model ? std::string(*model) : "unknown";
  if (pre) text += fmt::format(" ({})", *pre);
  return text;
}

std::string as_text(const model::Model& model, const Contents& contents, const Options& options) {
  const model::ModelConfig& config = model.config;
  const uint64_t kv = kv_bytes_per_token(config);
  std::string text;
  const auto row = [&](std::string_view name, const std::string& value) {
    text += fmt::format("{:<16}{}\n", name, value);
  };
  row("name", config.name.empty() ? "-" : config.name);
  row("architecture", config.architecture);
  row("parameters", fmt::format("{:.1f} million", static_cast<double>(contents.elements) / 1e6));
  row("layers",
      fmt::format("{}, hidden {}, feed-forward {}", config.layers, config.hidden, config.feed_forward));
  row("attention",
      fmt::format("{} heads of {}, {} key/value heads{}", config.heads, config.head_size, config.kv_heads,
                  config.sliding_window > 0 ? fmt::format(", window {} but every {}th layer",
                                                          config.sliding_window, config.full_attention_every)
                                            : std::string()));
  row("context", fmt::format("{} tokens", config.context_length));
  row("tokenizer",
      fmt::format("{}, {} tokens", tokenizer_kind(model.file), model.tokenizer.vocabulary_size()));
  row("chat template", model.chat_template.empty()
                           ? "no: this model continues text, it does not follow instructions"
                           : fmt::format("yes, {} bytes", model.chat_template.size()));
  row("file",
      fmt::format("{}, GGUF version {}", format_bytes(model.file.size_bytes()), model.file.version()));
  text += "\ntensor type     tensors      elements       bytes\n";
  for (const auto& [type, share] : contents.types) {
    text += fmt::format("{:<14}{:>9}{:>14}{:>12}\n", type, share.tensors, share.elements,
                        format_bytes(share.bytes));
  }
  text += "\nit will need\n";
  row("  weights", fmt::format("about {} (cpu), {} (float)", format_bytes(contents.bytes),
                               format_bytes(contents.elements * 4)));
  row("  KV memory",
      fmt::format("{} for {} tokens ({} a token)", format_bytes(kv * static_cast<uint64_t>(options.context)),
                  options.context, format_bytes(kv)));
  return text;
}

std::string as_json(const model::Model& model, const Contents& contents, const Options& options) {
  const model::ModelConfig& config = model.config;
  json::object types;
  for (const auto& [type, share] : contents.types) {
    types[type] = {{"tensors", share.tensors}, {"elements", share.elements}, {"bytes", share.bytes}};
  }
  const uint64_t kv = kv_bytes_per_token(config);
  return json::serialize(json::object{{"name", config.name},
                                      {"architecture", config.architecture},
                                      {"parameters", contents.elements},
                                      {"layers", config.layers},
                                      {"hidden", config.hidden},
                                      {"feed_forward", config.feed_forward},
                                      {"heads", config.heads},
                                      {"kv_heads", config.kv_heads},
                                      {"head_size", config.head_size},
                                      {"sliding_window", config.sliding_window},
                                      {"context_length", config.context_length},
                                      {"tokenizer", tokenizer_kind(model.file)},
                                      {"vocabulary", model.tokenizer.vocabulary_size()},
                                      {"chat_template", !model.chat_template.empty()},
                                      {"gguf_version", model.file.version()},
                                      {"file_bytes", model.file.size_bytes()},
                                      {"tensor_types", std::move(types)},
                                      {"weight_bytes", contents.bytes},
                                      {"kv_bytes_per_token", kv},
                                      {"kv_bytes", kv * static_cast<uint64_t>(options.context)}}) +
         "\n";
}

Result<void> run_info(const Options& options) {
  const auto path = find_model(options.model);
  if (!path) return pass_on(path);
  const auto model = model::Model::open(*path);
  if (!model) return pass_on(model);
  const Contents contents = count_tensors((*model)->file);
  return Output::standard().write(options.as_json ? as_json(**model, contents, options)
                                                  : as_text(**model, contents, options));
}

}  // namespace

void add_info_command(CLI::App& app, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("info", "say what is inside a model file and what it will need");
  command->add_option("model", options->model, "a name of the catalogue, or the path of a .gguf file")
      ->required();
  command->add_option("--context", options->context, "tokens of KV memory to reckon with")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_flag("--json", options->as_json, "as one JSON object");
  command->footer(help_footer("  riposte info smollm2\n  riposte info ./model.gguf --json"));
  command->callback([options, &run] {
    run = [options] {
      const auto done = run_info(*options);
      return done ? kExitOk : report(done.error());
    };
  });
}

}  // namespace riposte::apps
