#include "apps/runtime.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "apps/fingerprint.h"
#include "apps/home.h"
#include "apps/model_lookup.h"
#include "apps/shipped_adapters.h"
#include "apps/step_cost.h"
#include "drafting/request_drafter.h"
#include "executor/executors.h"
#include "kernels/ops.h"
#include "rewrite/prompt.h"

namespace riposte::apps {
namespace {

constexpr int kMaxThreads = 256;
constexpr int32_t kLeastContext = 64, kMaxContext = 1 << 20;
constexpr std::chrono::milliseconds kStepCostBudget(250);

// "cpu avx512_vnni": what computes, as far as its speed depends on it. The executor was made with these
// options.
std::string arithmetic_of(const RuntimeOptions& options) {
  const auto kernels = kernels::find_kernels(options.instruction_set);
  return options.executor == "cpu" && kernels ? fmt::format("cpu {}", (*kernels)->name) : options.executor;
}

// A drafter with the vocabulary that it stands on.
class ModelsDrafter final : public drafting::Drafter {
 public:
  ModelsDrafter(const tokenizer::Tokenizer& tokenizer, const drafting::RequestDrafterOptions& options)
      : vocabulary_(tokenizer, tokenizer.eos()), drafter_(vocabulary_, options) {}
  void propose(const drafting::DraftContext& context, drafting::Draft& draft) const override {
    drafter_.propose(context, draft);
  }
  void learn(const drafting::DraftContext& finished) const override { drafter_.learn(finished); }

 private:
  drafting::TokenizerVocabulary vocabulary_;
  drafting::RequestDrafter drafter_;
};

constexpr int32_t kPageSize = 16;                   // to which instructions are rounded up
constexpr uint64_t kHalves = 2 * sizeof(uint16_t);  // a key and a value

int32_t kv_tokens(const RuntimeOptions& options, const model::ModelConfig& config) {
  if (options.kv_bytes == 0) return options.context;
  const uint64_t of_a_token = kHalves * static_cast<uint64_t>(config.layers) *
                              static_cast<uint64_t>(config.kv_heads) *
                              static_cast<uint64_t>(config.head_size);
  return static_cast<int32_t>(
      std::clamp<uint64_t>(options.kv_bytes / of_a_token, kLeastContext, kMaxContext));
}

// The instructions of presets, and where their KV memory is kept for the next start. A model that cannot chat
// has none.
Result<engine::PinOptions> pins_of(const RuntimeOptions& options, const model::Model& model,
                                   std::span<const NamedAdapter> adapters, const std::string& name) {
  engine::PinOptions pins;
  if (options.pinned.empty() || model.chat_template.empty()) return pins;
  const auto chat_template = parse_chat_template(model);
  if (!chat_template) return pass_on(chat_template);
  for (const rewrite::Preset& preset : options.pinned) {
    const bool is_adapters = std::ranges::any_of(adapters, [&preset](const NamedAdapter& named) {
      return named.adapter->preset == preset.name && named.adapter->language == preset.language;
    });
    if (is_adapters) continue;  // its prompt is short, and the base does not compute it
    auto beginning = rewrite::preset_beginning({*chat_template, model.tokenizer}, preset);
    if (!beginning) return pass_on(beginning);
    if (!beginning->empty() && std::ranges::find(pins.beginnings, *beginning) == pins.beginnings.end())
      pins.beginnings.push_back(std::move(*beginning));
  }
  const std::string print = fingerprint(model, options.executor);
  pins.numbers = fmt::format("{} version {}", print, executor::kNumericVersion);
  pins.snapshot = snapshots_directory() / fmt::format("{}-{}{}.kv", name, print, options.snapshot);
  return pins;
}

}  // namespace

void add_model_option(CLI::App& command, RuntimeOptions& options) {
  command.add_option("--model,-m", options.model, "a name of the catalogue, or the path of a .gguf file")
      ->capture_default_str();
}

void add_executor_options(CLI::App& command, RuntimeOptions& options) {
  command
      .add_option("--executor", options.executor,
                  "cpu: packed integers, fast; float: plain float32, slow, the truth")
      ->check(CLI::IsMember(std::set<std::string>{"cpu", "float"}))
      ->capture_default_str();
  command.add_option(
      "--instruction-set", options.instruction_set,
      "avx512_vnni, avx512_vnni_256, avx_vnni, avx512, avx2, neon_i8mm, neon_dotprod or reference; the "
      "best of this machine if not given");
  command.add_option("--threads,-t", options.threads, "threads to compute with; 0: all processors")
      ->check(CLI::Range(0, kMaxThreads))
      ->capture_default_str();
  command.add_flag(
      "--pin-threads", options.pin_threads,
      "bind each computing thread but the first to a processor: for a machine with no other work");
  command.add_option("--context", options.context, "tokens of KV memory, for all requests together")
      ->check(CLI::Range(kLeastContext, kMaxContext))
      ->capture_default_str();
  command
      .add_option(
          "--kv-memory", options.kv_bytes,
          "the same as a size, as 512MiB: what no running request needs of it keeps prompts for later ones")
      ->transform(CLI::AsSizeValue(/*kb_is_1000=*/false))
      ->excludes("--context");
  auto* folder =
      command
          .add_option("--packed-cache", options.packed_cache,
                      "a folder that keeps packed weights for the next start (the model's own will do)")
          ->capture_default_str();
  command
      .add_flag_callback(
          "--no-packed-cache", [&options] { options.packed_cache.clear(); },
          "pack the weights at every start")
      ->excludes(folder);
}

void add_adapter_options(CLI::App& command, RuntimeOptions& options) {
  add_adapter_option(command, options.adapters);
  command.add_flag_callback(
      "--no-shipped-adapters", [&options] { options.shipped_adapters = false; },
      "without the adapters that come with Riposte (grammar, of SmolLM2 135M)");
  auto* all = command.add_flag_callback(
      "--merge-adapters", [&options] { options.merging = model::Merging::kAll; },
      "give every adapter weights of its own, with its share added to them: no row costs more than one of "
      "the base, but an adapter takes as much memory as what it changes (otherwise only those do that were "
      "trained for it)");
  command
      .add_flag_callback(
          "--no-merge-adapters", [&options] { options.merging = model::Merging::kNone; },
          "compute all adapters beside the weights of the base: the least memory")
      ->excludes(all);
}

void add_drafting_option(CLI::App& command, RuntimeOptions& options) {
  command.add_flag_callback(
      "--no-drafting", [&options] { options.drafting = false; },
      "decode token by token, without guesses from the source (slower, the same answers)");
  command.add_flag_callback(
      "--no-history", [&options] { options.history = false; },
      "take guesses from the request alone, none from earlier answers (the same answers)");
}

void add_lean_option(CLI::App& command, RuntimeOptions& options) {
  command
      .add_option_function<std::string>(
          "--lean",
          [&options](const std::string& names) {
            const auto rules = rewrite::parse_lean_rules(names);
            if (!rules) throw CLI::ValidationError("--lean", rules.error().message);
            options.lean = *rules;
          },
          "what a model need not read of a text to be rewritten, unless a request says otherwise: all, none, "
          "or "
          "some of edges (white space), instruction (its white space), quotes (lines with >), signature, "
          "code")
      ->default_str("all");
}

Result<chat::Template> parse_chat_template(const model::Model& model) {
  if (model.chat_template.empty()) {
    return fail(ErrorCode::kUnsupported,
                "this model has no chat template, so it cannot follow an instruction; use an "
                "instruct model, for example {}",
                kDefaultModel);
  }
  auto parsed = chat::Template::parse(model.chat_template);
  if (!parsed) return tl::unexpected(parsed.error().within("the chat template of the model"));
  return parsed;
}

Result<std::vector<NamedAdapter>> adapters_of(const RuntimeOptions& options, const AdapterBase& base) {
  auto adapters = open_adapters(options.adapters, base, options.all_adapters_fit);
  if (!adapters || !options.shipped_adapters) return adapters;
  if (auto added = add_shipped_adapters(base, *adapters); !added) return pass_on(added);
  return adapters;
}

Result<Runtime> Runtime::open(const RuntimeOptions& options) {
  auto path = find_model(options.model);
  if (!path) return pass_on(path);
  auto model = model::Model::open(*path);
  if (!model) return pass_on(model);

  Runtime runtime;
  runtime.name_ = path->stem().string();
  runtime.model_ = std::move(*model);
  runtime.team_ = std::make_unique<hardware::ThreadTeam>(
      options.threads > 0 ? options.threads : hardware::available_processors(), options.pin_threads);
  executor::ExecutorOptions executor_options;
  auto adapters = adapters_of(options, {runtime.name_, runtime.model_->config, runtime.model_->weights});
  if (!adapters) return pass_on(adapters);
  runtime.adapters_ = std::move(*adapters);
  for (NamedAdapter& named : runtime.adapters_) {
    named.merged_into = model::merged_type(*named.adapter, runtime.model_->weights, options.merging);
    executor_options.adapters.push_back(named.adapter);
    executor_options.merged_into.push_back(named.merged_into);
  }
  auto pins = pins_of(options, *runtime.model_, runtime.adapters_, runtime.name_);
  if (!pins) return pass_on(pins);
  runtime.pins_ = std::move(*pins);
  executor_options.kv_tokens = kv_tokens(options, runtime.model_->config);
  for (const auto& beginning : runtime.pins_.beginnings) {
    executor_options.kv_tokens += static_cast<int32_t>(beginning.size()) / kPageSize * kPageSize + kPageSize;
  }
  executor_options.instruction_set = options.instruction_set;
  executor_options.packed_cache = options.packed_cache;
  const auto make = options.executor == "float" ? executor::make_float_executor : executor::make_cpu_executor;
  auto executor = make(runtime.model_, *runtime.team_, executor_options);
  if (!executor) return pass_on(executor);
  runtime.executor_ = std::move(*executor);
  if (options.drafting) {
    runtime.drafter_ = std::make_unique<ModelsDrafter>(
        runtime.tokenizer(), drafting::RequestDrafterOptions{
                                 .history_bytes = options.history ? drafting::History::kDefaultBytes : 0});
  }
  const StepCostKey key =
      step_cost_key(runtime.name_, *runtime.model_, arithmetic_of(options), runtime.threads());
  runtime.step_cost_ = find_step_cost(step_cost_directory(), key, [&runtime] {
    return measure_step_times(*runtime.executor_, kStepCostBudget);
  });
  return runtime;
}

int32_t Runtime::context_length() const {
  const model::ExecutorLimits limits = executor_->limits();
  const int64_t pages = limits.pages - engine::pages_to_pin(pins_, limits);
  return static_cast<int32_t>(std::min<int64_t>(limits.context_length, pages * limits.page_size));
}

}  // namespace riposte::apps
