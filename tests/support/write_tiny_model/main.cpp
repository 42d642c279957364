// For tests that drive whole programs:
//
//   write_tiny_model FILE [ARCHITECTURE]                       a tiny model (support/tiny_model.h)
//   write_tiny_model FILE --adapter-of BASE SEED [PROMPT]      an adapter of it (support/tiny_adapter.h), with a prompt
//                                                              for the preset "grammar"
#include <fmt/format.h>

#include <cstdlib>
#include <string_view>

#include "support/tiny_adapter.h"
#include "support/tiny_model.h"

namespace {

riposte::Result<void> write(int argc, char** argv) {
  if (argc >= 5 && std::string_view(argv[2]) == "--adapter-of") {
    riposte::support::TinyAdapterOptions options;
    options.seed = std::strtoull(argv[4], nullptr, 10);
    if (argc > 5) {
      options.preset = "grammar";
      options.prompt = argv[5];
    }
    return riposte::support::write_tiny_adapter(argv[1], argv[3], options);
  }
  riposte::support::TinyModelOptions options;
  if (argc > 2) options.architecture = argv[2];
  return riposte::support::write_tiny_gguf(argv[1], options);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: write_tiny_model FILE [ARCHITECTURE | --adapter-of BASE SEED [PROMPT]]\n");
    return 2;
  }
  const auto written = write(argc, argv);
  if (!written) {
    fmt::print(stderr, "write_tiny_model: {}\n", written.error().message);
    return 1;
  }
  return 0;
}
