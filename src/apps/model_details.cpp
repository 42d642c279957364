#include "apps/model_details.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <map>

namespace riposte::apps {

api::ModelDetails model_details(const model::Model& model) {
  api::ModelDetails details;
  details.family = model.config.architecture;
  details.template_source = model.chat_template;
  std::map<gguf::TensorType, int64_t> elements;
  for (const gguf::Tensor& tensor : model.file.tensors()) {
    const auto count = static_cast<int64_t>(tensor.columns() * tensor.rows());
    elements[tensor.type] += count;
    details.parameters += count;
  }
  const auto most = std::ranges::max_element(elements, {}, [](const auto& entry) { return entry.second; });
  if (most != elements.end()) details.quantization = gguf::name_of(most->first);
  struct stat status {};
  if (::stat(model.path.c_str(), &status) == 0) {
    details.file_bytes = status.st_size;
    details.modified = status.st_mtime;
  }
  return details;
}

}  // namespace riposte::apps
