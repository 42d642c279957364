// How fast text becomes ids, on the tokenisers of the real models: a sentence of about 30 tokens, longer
// text, one endless word, and loading the vocabulary. bench_tokenizer_encode.py prints the same figures for
// the Hugging Face `tokenizers` package on the same text.
//
//   bench_tokenizer_encode [--benchmark_filter=...]     models from RIPOSTE_HOME, default ~/.cache/riposte
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "gguf/file.h"
#include "tokenizer/tokenizer.h"

namespace {

using riposte::tokenizer::Tokenizer;

std::filesystem::path model_path(const std::string& name) {
  const char* riposte_home = std::getenv("RIPOSTE_HOME");
  const char* home = std::getenv("HOME");
  const std::filesystem::path base =
      riposte_home != nullptr ? riposte_home
                              : std::filesystem::path(home != nullptr ? home : ".") / ".cache/riposte";
  return base / "models" / (name + ".gguf");
}

std::string read_text(const char* name) {
  std::ifstream file(std::filesystem::path(RIPOSTE_SOURCE_DIR) / "bench/data" / name);
  return {std::istreambuf_iterator<char>(file), {}};
}

void encode(benchmark::State& state, const std::string& model, const std::string& text) {
  const auto file = riposte::gguf::File::open(model_path(model));
  if (!file) return state.SkipWithError(file.error().message.c_str());
  const auto tokenizer = Tokenizer::from_gguf(*file);
  if (!tokenizer) return state.SkipWithError(tokenizer.error().message.c_str());
  std::vector<riposte::TokenId> ids;
  for (auto _ : state) {
    ids.clear();
    tokenizer->encode_into(text, ids);
    benchmark::DoNotOptimize(ids.data());
  }
  state.counters["tokens"] = static_cast<double>(ids.size());
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * text.size()));
}

void load(benchmark::State& state, const std::string& model) {
  const auto file = riposte::gguf::File::open(model_path(model));
  if (!file) return state.SkipWithError(file.error().message.c_str());
  for (auto _ : state) {
    auto tokenizer = Tokenizer::from_gguf(*file);
    if (!tokenizer) return state.SkipWithError(tokenizer.error().message.c_str());
    benchmark::DoNotOptimize(tokenizer);
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  const std::string sentence = read_text("sentence.txt");
  std::string page = read_text("page.txt");
  std::string book;
  while (book.size() < 1000000) book += page;
  const std::string word(1000000, 'a');
  for (const std::string model :
       {"smollm2-135m-instruct-q4_1", "qwen2.5-coder-1.5b-instruct-q4_k_m", "gemma-3-270m-q4_k_m"}) {
    const auto add = [&](const char* what, const std::string& text) {
      return benchmark::RegisterBenchmark((std::string(what) + "/" + model).c_str(), encode, model, text);
    };
    add("sentence", sentence)->Unit(benchmark::kMicrosecond);
    add("page", page)->Unit(benchmark::kMicrosecond);
    add("book_1MB", book)->Unit(benchmark::kMillisecond);
    add("word_1MB", word)->Unit(benchmark::kMillisecond);
    benchmark::RegisterBenchmark(("load/" + model).c_str(), load, model)->Unit(benchmark::kMillisecond);
  }
  benchmark::RunSpecifiedBenchmarks();
}
