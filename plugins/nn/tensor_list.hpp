#pragma once

#include <string>
#include <vector>

#include "kindred/io/weights.hpp"
#include "kindred/module.hpp"

namespace kindred::nn {

/// Where layers register their tensors, under the names that published checkpoints give them.
struct TensorList {
  std::vector<NamedTensor> parameters, buffers;
};

/// load_named_tensors() of what read_weights() gave, whose notes go on with the messages.
void load_read_weights(const std::string& what, const std::vector<NamedTensor>& target,
                       const Weights& weights, bool (*ignore)(const std::string&));

/// Loads `path` into the tensors of `list`, whose names read_weights() finds in it; `what` begins the
/// messages. Names that `ignore` accepts may be surplus. Returns what the file holds, and what was done to
/// its names. Throws Error that names what is missing or misshapen.
Weights load_weights(const std::string& what, const std::string& path, const TensorList& list,
                     bool (*ignore)(const std::string&),
                     const std::vector<NamingConvention>& conventions = {});

/// Throws Error where an encoder got both a "folder", which brings weights, and "weights".
void refuse_two_origins(const std::string& folder, const std::string& weights);

/// Copies into each of `target` the tensor of `source` that has its name and its shape, if there is one:
/// for layers that published weights lack and trained ones have.
void copy_fitting_tensors(const std::vector<NamedTensor>& target, const std::vector<NamedTensor>& source);

/// Views each of `source` as the tensor of `target` that has its name, where their sizes differ by dimensions
/// of one alone: libraries write the same layer as a linear one and as a 1 x 1 convolution.
void ignore_ones(const std::vector<NamedTensor>& target, std::vector<NamedTensor>& source);

}  // namespace kindred::nn
