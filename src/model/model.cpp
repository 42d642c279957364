#include "model/model.h"

#include "model/file_type.h"

namespace riposte::model {
namespace {

Result<std::shared_ptr<const Model>> open_model(const std::filesystem::path& path) {
  Result<gguf::File> file = gguf::File::open(path);
  if (!file) return pass_on(file);
  if (auto is = check_is_model(*file); !is) return pass_on(is);
  Result<ModelConfig> config = read_config(*file);
  if (!config) return pass_on(config);
  Result<Weights> weights = read_weights(*file, *config);
  if (!weights) return pass_on(weights);
  Result<tokenizer::Tokenizer> tokenizer = tokenizer::Tokenizer::from_gguf(*file);
  if (!tokenizer) return pass_on(tokenizer);
  if (tokenizer->vocabulary_size() > static_cast<size_t>(config->vocabulary)) {
    return fail(ErrorCode::kCorrupt,
                "the tokeniser has {} tokens, but 'token_embd.weight' only {} rows; the file is "
                "damaged",
                tokenizer->vocabulary_size(), config->vocabulary);
  }
  std::string chat_template;
  if (file->find("tokenizer.chat_template")) {
    const Result<std::string_view> source = file->get_string("tokenizer.chat_template");
    if (!source) return pass_on(source);
    chat_template = *source;
  }
  // Moving a File leaves its bytes where they are, so the weights' views stay true.
  return std::make_shared<const Model>(Model{std::move(*file), std::move(*config), std::move(*weights),
                                             std::move(*tokenizer), std::move(chat_template), path});
}

}  // namespace

Result<std::shared_ptr<const Model>> Model::open(const std::filesystem::path& path) {
  Result<std::shared_ptr<const Model>> model = open_model(path);
  if (!model) return tl::unexpected<Error>(model.error().within(path.string()));
  return model;
}

}  // namespace riposte::model
