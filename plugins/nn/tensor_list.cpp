#include "nn/tensor_list.hpp"

#include "kindred/error.hpp"
#include "kindred/io/checkpoint.hpp"

namespace kindred::nn {

void load_read_weights(const std::string& what, const std::vector<NamedTensor>& target,
                       const Weights& weights, bool (*ignore)(const std::string&)) {
  try {
    load_named_tensors(what, target, weights.tensors, nullptr, ignore);
  } catch (const Error& error) {
    std::string text = error.what();
    for (const auto& note : weights.notes) text += ". " + note;
    throw Error(text);
  }
}

Weights load_weights(const std::string& what, const std::string& path, const TensorList& list,
                     bool (*ignore)(const std::string&), const std::vector<NamingConvention>& conventions) {
  auto target = list.parameters;
  target.insert(target.end(), list.buffers.begin(), list.buffers.end());
  auto weights = read_weights(path, target, conventions);
  load_read_weights(what + " weights in " + path, target, weights, ignore);
  return weights;
}

}  // namespace kindred::nn
