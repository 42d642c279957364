// riposte bench: what is measured, one subcommand each; `bench MODEL` is short for `bench model MODEL`.
#include "apps/bench.h"

namespace riposte::apps {

void add_bench_command(CLI::App& app, Run& run) {
  CLI::App* bench =
      app.add_subcommand("bench", "measure this machine, the kernels, a step, a model's tokens per second");
  bench->require_subcommand(0, 1);
  add_bench_machine(*bench, run);
  add_bench_kernels(*bench, run);
  add_bench_step(*bench, run);
  add_bench_drafting(*bench, run);
  add_bench_identity(*bench, run);
  add_bench_adapters(*bench, run);

  CLI::App* model = bench->add_subcommand("model", "tokens per second of prefill and decoding");
  const Run run_model = add_bench_model_options(*model);
  model->footer(help_footer(
      "  riposte bench model qwen\n  riposte bench model smollm2 --prefill 32 --decode 64 --json"));
  model->callback([&run, run_model] { run = run_model; });

  const Run run_short_form = add_bench_model_options(*bench);
  bench->footer("\nWithout a subcommand the options are those of `bench model`.\n" +
                help_footer("  riposte bench machine\n  riposte bench step --model qwen --parts\n"
                            "  riposte bench kernels --formats Q4_K\n  riposte bench qwen"));
  bench->callback([bench, &run, run_short_form] {
    if (bench->get_subcommands().empty()) run = run_short_form;
  });
}

}  // namespace riposte::apps
