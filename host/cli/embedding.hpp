#pragma once

#include <ATen/core/Tensor.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/loader/catalog.hpp"
#include "host/model/encode.hpp"
#include "host/model/servable.hpp"
#include "host/pipeline/pipeline.hpp"

namespace kindred::host {

struct Embedded {
  at::Tensor rows;                    ///< float32 (N, D)
  std::vector<nlohmann::json> lines;  ///< one per input, in input order
  int64_t inputs = 0, failed = 0;
};

/// What `host embed` is given: files; folders, which stand for the files in them; "-" for the standard input.
/// They hold what the model's only encoder reads: pictures, vectors, or a text per line. Throws Error,
/// PluginError, and UsageError for a model with several encoders.
Embedded embed_paths(const Catalog& catalog, Servable& servable, const std::vector<std::string>& paths,
                     const EncodeRowsOptions& options, Context& context);

/// Every sample of a pipeline's dataset. Throws Error, PluginError.
Embedded embed_dataset(const Catalog& catalog, const Pipeline& pipeline, Servable& servable,
                       const EncodeRowsOptions& options, Context& context);

}  // namespace kindred::host
