#include "nn/tensor_list.hpp"

#include "kindred/error.hpp"
#include "kindred/io/checkpoint.hpp"

namespace kindred::nn {

Weights load_weights(const std::string& what, const std::string& path, const TensorList& list,
                     bool (*ignore)(const std::string&), const std::vector<NamingConvention>& conventions) {
  auto target = list.parameters;
  target.insert(target.end(), list.buffers.begin(), list.buffers.end());
  auto weights = read_weights(path, target, conventions);
  try {
    load_named_tensors(what + " weights in " + path, target, weights.tensors, nullptr, ignore);
  } catch (const Error& error) {
    std::string text = error.what();
    for (const auto& note : weights.notes) text += ". " + note;
    throw Error(text);
  }
  return weights;
}

}  // namespace kindred::nn
