// Any bytes as a GGUF file: either an error, or a file of which every value and every tensor can be read.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <type_traits>
#include <variant>

#include "gguf/file.h"

namespace {

using riposte::gguf::Array;
using riposte::gguf::File;
using riposte::gguf::Tensor;
using riposte::gguf::Value;

void require(bool condition) {
  if (!condition) std::abort();
}

// What is read must not be optimised away.
volatile uint64_t sink;

template <class T>
void touch(const T& value) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    for (const char c : value) sink = sink + static_cast<unsigned char>(c);
  } else if constexpr (std::is_same_v<T, Array>) {
    std::visit(
        [](const auto& elements) {
          using Element = typename std::decay_t<decltype(elements)>::value_type;
          for (const Element element : elements) touch(element);
        },
        value);
  } else if constexpr (!std::is_floating_point_v<T>) {
    sink = sink + static_cast<uint64_t>(value);
  } else {
    sink = sink + (value > 0 ? 1 : 0);
  }
}

// A look-up succeeds for one kind of value only, and says why it fails for the others.
void look_up(const File& file, std::string_view key) {
  int found = 0;
  const auto count = [&](const auto& result) {
    if (result) {
      ++found;
    } else {
      require(!result.error().message.empty());
    }
  };
  count(file.get_int(key));
  count(file.get_float(key));
  count(file.get_bool(key));
  count(file.get_string(key));
  count(file.get_strings(key));
  count(file.get_floats(key));
  count(file.get_ints(key));
  require(found <= 1);
}

void read_all(const File& file) {
  for (const auto& [key, value] : file.metadata()) {
    require(file.find(key) == &value);
    std::visit([](const auto& alternative) { touch(alternative); }, value);
    look_up(file, key);
    require(!riposte::gguf::kind_of(value).empty());
  }
  for (const Tensor& tensor : file.tensors()) {
    require(file.find_tensor(tensor.name) == &tensor);
    require(!tensor.shape.empty() && !tensor.data.empty());
    const auto block = riposte::gguf::block_shape(tensor.type);
    require(tensor.data.size() == tensor.columns() / block.elements * tensor.rows() * block.bytes);
    touch(static_cast<uint8_t>(tensor.data.front()));
    touch(static_cast<uint8_t>(tensor.data.back()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto file = File::parse(std::as_bytes(std::span(data, size)));
  if (file) {
    read_all(*file);
  } else {
    require(!file.error().message.empty());
  }
  return 0;
}
