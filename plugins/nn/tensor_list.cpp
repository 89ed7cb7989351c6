#include "nn/tensor_list.hpp"

#include "kindred/io/checkpoint.hpp"

namespace kindred::nn {

void load_weights(const std::string& what, const std::string& path, const TensorList& list,
                  bool (*ignore)(const std::string&)) {
  auto target = list.parameters;
  target.insert(target.end(), list.buffers.begin(), list.buffers.end());
  load_named_tensors(what + " weights in " + path, target, read_checkpoint(path), nullptr, ignore);
}

}  // namespace kindred::nn
