// What a server serves: one model under one name, with everything that a request passes through.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/template.h"
#include "engine/engine.h"
#include "engine/pooling.h"
#include "rewrite/lean.h"
#include "rewrite/presets.h"
#include "tokenizer/tokenizer.h"

namespace riposte::api {

// What is told about a model file to those who ask.
struct ModelDetails {
  std::string family;           // the architecture: "qwen2"
  std::string quantization;     // "Q4_K_M"
  std::string template_source;  // of the chat template
  int64_t parameters = 0;
  int64_t file_bytes = 0;
  int64_t modified = 0;  // seconds since 1970
  std::string parent = {};  // of a model with an adapter: the name without; else empty
};

// All that is referred to must outlive whoever holds this.
struct ServedModel {
  std::string name;         // what clients send as "model"
  int64_t created = 0;      // seconds since 1970
  std::string fingerprint;  // of weights and configuration: equal requests with equal seeds give equal
                            // answers while it stays
  const tokenizer::Tokenizer& tokenizer;
  const chat::Template* chat_template = nullptr;  // null: a base model, which cannot chat
  engine::Engine& engine;
  int32_t context_length = 0;  // tokens of prompt and answer together
  int32_t embedding_size = 0;  // values of an embedding; 0: it has none
  ModelDetails details = {};
  const rewrite::Presets& presets = rewrite::Presets::built_in();
  std::vector<std::string> aliases = {};  // other names of it
  // Of embeddings, where a request does not say; an error where the model is made for a kind that there is not.
  Result<engine::Pooling> pooling = engine::Pooling::kMean;
  rewrite::LeanRules lean = {};  // of rewriting, likewise
  // What computes requests that name no adapter themselves (a preset may).
  model::AdapterId adapter = model::kNoAdapter;
  // Of an adapter that was trained with a prompt of its own: "{text}" stands in it once, for what the user said
  // last. A chat then is that and nothing else; empty: the chat template's.
  std::string prompt = {};
  // Of the weights with each adapter, by AdapterId: `fingerprint` for the adapter above.
  std::vector<std::string> fingerprints = {};

  const std::string& fingerprint_of(model::AdapterId id) const {
    const auto at = static_cast<size_t>(id);
    return at < fingerprints.size() ? fingerprints[at] : fingerprint;
  }
};

// Whether a client that asks for `asked` means the model of this name; ":latest" behind a name, as Ollama's
// clients write, is the same model.
bool is_called(std::string_view asked, std::string_view name, std::span<const std::string> aliases);

// The name of a model with one of its adapters: "smollm2:grammar".
std::string with_adapter(std::string_view model, std::string_view adapter);
std::vector<std::string> with_adapter(std::span<const std::string> models, std::string_view adapter);

}  // namespace riposte::api
