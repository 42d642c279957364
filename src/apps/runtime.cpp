#include "apps/runtime.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "apps/model_lookup.h"
#include "apps/step_cost.h"
#include "drafting/request_drafter.h"
#include "executor/executors.h"
#include "kernels/ops.h"

namespace riposte::apps {
namespace {

constexpr int kMaxThreads = 256;
constexpr int32_t kMaxContext = 1 << 20;
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
  command.add_flag("--pin-threads", options.pin_threads,
                   "bind each computing thread but the first to a processor: for a machine with no other work");
  command.add_option("--context", options.context, "tokens of KV memory, for all requests together")
      ->check(CLI::Range(64, kMaxContext))
      ->capture_default_str();
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

void add_drafting_option(CLI::App& command, RuntimeOptions& options) {
  command.add_flag_callback(
      "--no-drafting", [&options] { options.drafting = false; },
      "decode token by token, without guesses from the source (slower, the same answers)");
  command.add_flag_callback(
      "--no-history", [&options] { options.history = false; },
      "take guesses from the request alone, none from earlier answers (the same answers)");
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
  executor_options.kv_tokens = options.context;
  executor_options.instruction_set = options.instruction_set;
  executor_options.packed_cache = options.packed_cache;
  const auto make = options.executor == "float" ? executor::make_float_executor : executor::make_cpu_executor;
  auto executor = make(runtime.model_, *runtime.team_, executor_options);
  if (!executor) return pass_on(executor);
  runtime.executor_ = std::move(*executor);
  if (!options.drafting) return runtime;
  runtime.drafter_ = std::make_unique<ModelsDrafter>(
      runtime.tokenizer(), drafting::RequestDrafterOptions{
                               .history_bytes = options.history ? drafting::History::kDefaultBytes : 0});
  const StepCostKey key =
      step_cost_key(runtime.name_, *runtime.model_, arithmetic_of(options), runtime.threads());
  runtime.step_cost_ = find_step_cost(step_cost_directory(), key, [&runtime] {
    return measure_step_times(*runtime.executor_, kStepCostBudget);
  });
  return runtime;
}

int32_t Runtime::context_length() const {
  const model::ExecutorLimits limits = executor_->limits();
  return static_cast<int32_t>(
      std::min<int64_t>(limits.context_length, int64_t{limits.pages} * limits.page_size));
}

}  // namespace riposte::apps
