#include "apps/debug_steps.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "apps/sequence.h"

namespace riposte::apps {
namespace {

namespace json = boost::json;

constexpr size_t kTop = 20;
constexpr int64_t kDefaultMaxTokens = 48;

Result<const json::value*> field(const json::object& entry, std::string_view name, json::kind kind) {
  const json::value* value = entry.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr || value->kind() != kind) {
    const json::string_view wanted = json::to_string(kind);
    return fail(ErrorCode::kInvalidArgument, "\"{}\" must be there, as {}", name,
                std::string_view(wanted.data(), wanted.size()));
  }
  return value;
}

Result<bool> flag(const json::object& entry, std::string_view name, bool otherwise) {
  if (!entry.contains(json::string_view(name.data(), name.size()))) return otherwise;
  auto value = field(entry, name, json::kind::bool_);
  if (!value) return pass_on(value);
  return (*value)->as_bool();
}

Result<std::vector<TokenId>> token_ids(const json::object& entry, std::string_view name) {
  const auto value = field(entry, name, json::kind::array);
  if (!value) return pass_on(value);
  std::vector<TokenId> ids;
  for (const json::value& item : (*value)->as_array()) {
    if (!item.is_int64() || item.as_int64() < 0 || item.as_int64() > std::numeric_limits<TokenId>::max()) {
      return fail(ErrorCode::kInvalidArgument, "\"{}\" must hold token ids; item {} is {}", name, ids.size(),
                  json::serialize(item));
    }
    ids.push_back(static_cast<TokenId>(item.as_int64()));
  }
  return ids;
}

Result<std::vector<TokenId>> prompt_ids(const json::object& entry, std::string_view name,
                                        int32_t vocabulary) {
  auto ids = token_ids(entry, name);
  if (!ids) return ids;
  if (ids->empty()) return fail(ErrorCode::kInvalidArgument, "\"{}\" must hold at least one id", name);
  for (TokenId id : *ids) {
    if (id >= vocabulary) {
      return fail(ErrorCode::kInvalidArgument, "\"{}\" holds {}, but the vocabulary ends at {}", name, id,
                  vocabulary - 1);
    }
  }
  return ids;
}

json::array as_array(std::span<const TokenId> ids) {
  return json::array(ids.begin(), ids.end());
}

double log_sum_exp(std::span<const float> logits) {
  const double greatest = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  for (float logit : logits) sum += std::exp(logit - greatest);
  return greatest + std::log(sum);
}

// Ids of the `count` highest logits, falling; the lower id first among equals.
std::vector<TokenId> highest(std::span<const float> logits, size_t count) {
  std::vector<TokenId> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  count = std::min(count, ids.size());
  std::partial_sort(
      ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(count), ids.end(),
      [&](TokenId a, TokenId b) { return logits[a] != logits[b] ? logits[a] > logits[b] : a < b; });
  ids.resize(count);
  return ids;
}

model::AdapterId adapter_of(const model::Executor& executor) {
  return executor.limits().adapters > 0 ? 1 : model::kNoAdapter;
}

}  // namespace

Result<void> debug_tokenize(const tokenizer::Tokenizer& tokenizer, json::object& entry) {
  const auto text = field(entry, "text", json::kind::string);
  if (!text) return pass_on(text);
  const auto special = flag(entry, "parse_special", false);
  if (!special) return pass_on(special);
  const std::string_view bytes((*text)->as_string().data(), (*text)->as_string().size());
  tokenizer::MarkedText trusted;
  if (*special) trusted.append_trusted(bytes);
  entry["ids"] = as_array(*special ? tokenizer.encode(trusted) : tokenizer.encode(bytes));
  return {};
}

Result<void> debug_detokenize(const tokenizer::Tokenizer& tokenizer, json::object& entry) {
  const auto ids = token_ids(entry, "ids");
  if (!ids) return pass_on(ids);
  tokenizer::Utf8Stream stream;  // JSON holds whole characters only
  std::string text = stream.push(tokenizer.decode(*ids, /*with_control=*/true));
  text += stream.finish();
  entry["text"] = text;
  return {};
}

Result<void> debug_render(const chat::Template& chat_template, const tokenizer::Tokenizer& tokenizer,
                          json::object& entry) {
  const auto messages = field(entry, "messages", json::kind::array);
  if (!messages) return pass_on(messages);
  const auto prompt = flag(entry, "add_generation_prompt", true);
  if (!prompt) return pass_on(prompt);
  const json::value* tools = entry.if_contains("tools");
  if (tools != nullptr && !tools->is_array() && !tools->is_null()) {
    return fail(ErrorCode::kInvalidArgument, "\"tools\" must be an array or null");
  }
  const chat::TemplateInput input{
      .messages = (*messages)->as_array(),
      .tools = tools != nullptr ? tools->if_array() : nullptr,
      .add_generation_prompt = *prompt,
      .bos_token = std::string(tokenizer.token_bytes(tokenizer.bos(), /*with_control=*/true)),
      .eos_token = std::string(tokenizer.token_bytes(tokenizer.eos(), /*with_control=*/true)),
      .extra = nullptr,
      .now = {}};
  auto rendered = chat_template.render(input);
  if (!rendered) return pass_on(rendered);
  entry["rendered"] = rendered->text;
  return {};
}

Result<void> debug_logits(model::Executor& executor, json::object& entry) {
  const auto ids = prompt_ids(entry, "ids", executor.limits().vocabulary);
  if (!ids) return pass_on(ids);
  double nll = 0, nll_first = 0;
  json::array top;
  double last_log_sum = 0;
  Sequence sequence(executor, adapter_of(executor));
  const auto fed = sequence.feed(*ids, model::RowOutput::kLogits, model::RowOutput::kLogits,
                                 [&](const Sequence::Answer& answer) {
                                   const double log_sum = log_sum_exp(answer.logits);
                                   const size_t next = static_cast<size_t>(answer.position) + 1;
                                   if (next < ids->size()) {
                                     const double loss = log_sum - answer.logits[(*ids)[next]];
                                     nll += loss;
                                     if (answer.position == 0) nll_first = loss;
                                     return;
                                   }
                                   last_log_sum = log_sum;
                                   for (TokenId id : highest(answer.logits, kTop))
                                     top.push_back(json::array{id, answer.logits[id]});
                                 });
  if (!fed) return fed;
  entry["top"] = std::move(top);
  entry["logsumexp"] = last_log_sum;
  entry["nll"] =
      ids->size() > 1 ? json::value(nll / static_cast<double>(ids->size() - 1)) : json::value(nullptr);
  entry["nll_first"] = ids->size() > 1 ? json::value(nll_first) : json::value(nullptr);
  return {};
}

Result<void> debug_generate(model::Executor& executor, const tokenizer::Tokenizer& tokenizer,
                            json::object& entry) {
  const auto prompt = prompt_ids(entry, "prompt_ids", executor.limits().vocabulary);
  if (!prompt) return pass_on(prompt);
  int64_t max_tokens = kDefaultMaxTokens;
  if (entry.contains("max_tokens")) {
    const auto given = field(entry, "max_tokens", json::kind::int64);
    if (!given) return pass_on(given);
    max_tokens = (*given)->as_int64();
  }
  json::array continuation, margins;
  std::vector<TokenId> next = *prompt;
  Sequence sequence(executor, adapter_of(executor));
  while (static_cast<int64_t>(continuation.size()) < max_tokens) {
    const auto fed = sequence.feed(
        next, model::RowOutput::kNone, model::RowOutput::kLogits, [&](const Sequence::Answer& answer) {
          const std::vector<TokenId> best = highest(answer.logits, 2);
          continuation.push_back(best.front());
          margins.push_back(best.size() > 1 ? answer.logits[best[0]] - answer.logits[best[1]] : 0.0f);
          next.assign(1, best.front());
        });
    if (!fed) return fed;
    if (tokenizer.is_end(next.front())) break;
  }
  entry["continuation_ids"] = std::move(continuation);
  entry["margins"] = std::move(margins);
  return {};
}

}  // namespace riposte::apps
