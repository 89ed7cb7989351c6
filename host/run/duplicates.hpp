#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "host/base/context.hpp"
#include "host/data/class_split.hpp"
#include "host/options/cache_options.hpp"
#include "host/options/data_options.hpp"
#include "kindred/dataset.hpp"

namespace kindred::host {

/// What a pipeline says that concerns equal samples.
struct DuplicateOptions {
  const std::string& file;  ///< the pipeline file, for messages
  const LoadingOptions& loading;
  const CacheOptions& cache;
  /// What sentences end with where somebody keeps what is said of the samples: "; result.json names them".
  const char* names_where = "";
};

/// Looks for equal samples among those of `split`, warns `context` of how many there are, and puts into
/// `said`, also where it throws, what result.json says of them. Does with them what data.duplicates asks for.
/// drop: of equal samples of one class the first stays in the split; equal samples in several classes are all
/// taken out, since nobody can tell which class is right. Throws Error for fail, and where dropping leaves a
/// side empty.
void use_duplicates(const Dataset& dataset, const DuplicateOptions& options, ClassSplit& split,
                    nlohmann::json& said, Context& context);

}  // namespace kindred::host
