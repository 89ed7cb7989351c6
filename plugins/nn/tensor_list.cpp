#include "nn/tensor_list.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "kindred/error.hpp"
#include "kindred/io/checkpoint.hpp"

namespace kindred::nn {
namespace {

std::vector<int64_t> without_ones(at::IntArrayRef sizes) {
  std::vector<int64_t> rest;
  std::copy_if(sizes.begin(), sizes.end(), std::back_inserter(rest), [](int64_t size) { return size != 1; });
  return rest;
}

}  // namespace

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

void refuse_two_origins(const std::string& folder, const std::string& weights) {
  if (folder.empty() || weights.empty()) return;
  throw Error("\"folder\" is \"" + folder + "\" and \"weights\" is \"" + weights +
              "\", expected one of them; a folder brings its own weights");
}

void copy_fitting_tensors(const std::vector<NamedTensor>& target, const std::vector<NamedTensor>& source) {
  at::NoGradGuard no_grad;
  for (const auto& stored : source) {
    for (const auto& own : target) {
      if (own.name == stored.name && own.tensor.sizes() == stored.tensor.sizes())
        own.tensor.copy_(stored.tensor);
    }
  }
}

void ignore_ones(const std::vector<NamedTensor>& target, std::vector<NamedTensor>& source) {
  std::map<std::string, at::IntArrayRef> wanted;
  for (const auto& own : target) wanted.emplace(own.name, own.tensor.sizes());
  for (auto& stored : source) {
    const auto it = wanted.find(stored.name);
    if (it == wanted.end() || without_ones(it->second) != without_ones(stored.tensor.sizes())) continue;
    stored.tensor = stored.tensor.reshape(it->second);
  }
}

}  // namespace kindred::nn
