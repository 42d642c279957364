// write_tiny_model FILE [ARCHITECTURE]: a tiny model (support/tiny_model.h) for tests that drive whole
// programs.
#include <fmt/format.h>

#include "support/tiny_model.h"

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: write_tiny_model FILE [ARCHITECTURE]\n");
    return 2;
  }
  riposte::support::TinyModelOptions options;
  if (argc > 2) options.architecture = argv[2];
  const auto written = riposte::support::write_tiny_gguf(argv[1], options);
  if (!written) {
    fmt::print(stderr, "write_tiny_model: {}\n", written.error().message);
    return 1;
  }
  return 0;
}
