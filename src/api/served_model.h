// What a server serves: one model under one name, with everything that a request passes through.
#pragma once

#include <cstdint>
#include <string>

#include "chat/template.h"
#include "engine/engine.h"
#include "tokenizer/tokenizer.h"

namespace riposte::api {

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
};

}  // namespace riposte::api
