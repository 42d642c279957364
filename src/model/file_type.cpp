#include "model/file_type.h"

#include "gguf/cursor.h"

namespace riposte::model {

std::string_view file_type(const gguf::File& file) {
  constexpr std::string_view kModel = "model";
  if (!file.find("general.type")) return kModel;
  const auto type = file.get_string("general.type");
  return type ? *type : std::string_view();
}

Result<void> check_is_model(const gguf::File& file) {
  const std::string_view type = file_type(file);
  if (type == "model") return {};
  if (type == "adapter") {
    return fail(ErrorCode::kUnsupported,
                "this is an adapter, not a model; name the model that it was made for, and beside it "
                "--adapter NAME=FILE");
  }
  return fail(ErrorCode::kUnsupported, "this is no model: 'general.type' is '{}'", gguf::printable(type));
}

}  // namespace riposte::model
