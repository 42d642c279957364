// What a constraint costs for each token of an answer: the set of allowed tokens, at places of a schema, for
// the vocabulary of a real model (RIPOSTE_MODEL, a GGUF file).
#include <benchmark/benchmark.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "constraint/matcher.h"
#include "constraint/schema.h"
#include "constraint/token_trie.h"
#include "gguf/file.h"
#include "tokenizer/tokenizer.h"

namespace riposte {
namespace {

constexpr std::string_view kSchema = R"({"type": "object", "properties": {
    "name": {"type": "string"}, "code": {"type": "string", "maxLength": 12}, "age": {"type": "integer"},
    "more": {"type": "object"}}, "required": ["name", "code"], "additionalProperties": {"type": "number"}})";

const tokenizer::Tokenizer* model_tokenizer() {
  static const auto loaded = []() -> std::unique_ptr<tokenizer::Tokenizer> {
    const char* path = std::getenv("RIPOSTE_MODEL");
    if (!path) return nullptr;
    const auto file = gguf::File::open(path);
    if (!file) return nullptr;
    auto read = tokenizer::Tokenizer::from_gguf(*file);
    return read ? std::make_unique<tokenizer::Tokenizer>(std::move(*read)) : nullptr;
  }();
  return loaded.get();
}

std::shared_ptr<const constraint::TokenTrie> make_trie(const tokenizer::Tokenizer& tokenizer) {
  return std::make_shared<constraint::TokenTrie>(
      static_cast<int32_t>(tokenizer.vocabulary_size()),
      [&tokenizer](TokenId token) { return tokenizer.token_bytes(token); },
      [&tokenizer](TokenId token) { return tokenizer.is_end(token); });
}

void trie(benchmark::State& state) {
  const tokenizer::Tokenizer* tokenizer = model_tokenizer();
  if (!tokenizer) return state.SkipWithError("RIPOSTE_MODEL must name a GGUF file");
  for (auto _ : state) benchmark::DoNotOptimize(make_trie(*tokenizer));
}
BENCHMARK(trie)->Unit(benchmark::kMillisecond);

void compile(benchmark::State& state) {
  const auto schema = boost::json::parse({kSchema.data(), kSchema.size()});
  for (auto _ : state) benchmark::DoNotOptimize(constraint::compile_schema(schema));
}
BENCHMARK(compile)->Unit(benchmark::kMicrosecond);

void allowed(benchmark::State& state, std::string_view text) {
  const tokenizer::Tokenizer* tokenizer = model_tokenizer();
  if (!tokenizer) return state.SkipWithError("RIPOSTE_MODEL must name a GGUF file");
  static const auto tokens = make_trie(*tokenizer);
  const auto schema = boost::json::parse({kSchema.data(), kSchema.size()});
  constraint::Matcher matcher(std::make_shared<constraint::Grammar>(*constraint::compile_schema(schema)),
                              tokens);
  matcher.accept(text);
  constraint::TokenSet set;
  for (auto _ : state) matcher.allowed(set);
}
BENCHMARK_CAPTURE(allowed, start, "")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(allowed, in_string, R"({"name": "Ada)")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(allowed, in_short_string, R"({"name": "Ada", "code": "abc)")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(allowed, before_value, R"({"name":)")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(allowed, in_number, R"({"name": "Ada", "code": "a", "age": 3)")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(allowed, in_free_object, R"({"name": "Ada", "code": "a", "more": {"x": "y)")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(allowed, in_other_name, R"({"name": "Ada", "code": "a", "x": 1, ")")
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace riposte

BENCHMARK_MAIN();
