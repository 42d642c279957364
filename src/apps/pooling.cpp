#include "apps/pooling.h"

#include <string>

namespace riposte::apps {
namespace {

// llama.cpp's enum llama_pooling_type.
constexpr int64_t kNone = 0;
constexpr int64_t kMean = 1;
constexpr int64_t kFirst = 2;  // "cls"
constexpr int64_t kLast = 3;
constexpr int64_t kRank = 4;

}  // namespace

Result<engine::Pooling> pooling_of(const gguf::File& file, std::string_view architecture) {
  const std::string key = std::string(architecture) + ".pooling_type";
  if (!file.find(key)) return engine::Pooling::kMean;
  const auto type = file.get_int(key);
  if (!type) return pass_on(type);
  switch (*type) {
    case kNone:
    case kMean: return engine::Pooling::kMean;
    case kLast: return engine::Pooling::kLast;
    case kFirst:
    case kRank:
      return fail(ErrorCode::kUnsupported, "the model's file wants {}, which Riposte can't give: say \"mean\" or \"last\"",
                  *type == kFirst ? "the first token's vector" : "ranks, no vectors");
    default: return fail(ErrorCode::kCorrupt, "'{}' is {}, expected 0 to 4", key, *type);
  }
}

}  // namespace riposte::apps
