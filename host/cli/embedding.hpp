#pragma once

#include <ATen/core/Tensor.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/data/decoders.hpp"
#include "host/inference/inference_model.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

struct Embedded {
  at::Tensor rows;                    ///< float32 (N, D)
  std::vector<nlohmann::json> lines;  ///< one per input, in input order
  int64_t inputs = 0, failed = 0;
};

/// Numbers of each vector in the first of the files (.npy) that can be read; 0: in none.
int64_t first_length(const std::vector<std::string>& files);

/// What the files hold, by a model with one encoder: a picture, vectors, or a text per line. Throws Error,
/// PluginError.
Embedded embed_files(const InferenceModel& model, const Decoders& decoders,
                     const std::vector<std::string>& files, Context& context);

/// Every sample of a dataset. Throws Error, PluginError.
Embedded embed_dataset(const InferenceModel& model, const Dataset& dataset, Context& context);

}  // namespace kindred::host
