// What a server tells about its model file.
#pragma once

#include "api/served_model.h"
#include "model/model.h"

namespace riposte::apps {

// The quantization is the type that most of the weights have.
api::ModelDetails model_details(const model::Model& model);

}  // namespace riposte::apps
