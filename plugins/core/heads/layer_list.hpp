#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "kindred/module.hpp"
#include "nn/norms/batch_norm.hpp"

namespace kindred {

/// A layer that a list in JSON names.
struct ListedLayer {
  /// `statistics`: by which norms divide; other layers are in training where those are of the batch.
  std::function<at::Tensor(const at::Tensor& x, const nn::NormStatistics& statistics)> apply;
  std::vector<NamedTensor> parameters, buffers;  ///< named after its place in the list: "2.weight"
  int64_t outputs;
};

/// The layers of a list such as [{"linear": 512}, "relu", {"dropout": 0.1}], in order, for `inputs` numbers.
/// Layers that have tensors draw them from the global generator. Throws Error that names the place of an
/// entry that is no layer, and what may be there.
std::vector<ListedLayer> listed_layers(const nlohmann::json& list, int64_t inputs);

}  // namespace kindred
