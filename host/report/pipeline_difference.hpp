#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace kindred::host {

/// One place where pipelines say different things.
struct PipelineDifference {
  std::string pointer;  ///< JSON Pointer (RFC 6901), such as /train/epochs
  std::vector<std::optional<nlohmann::json>>
      values;  ///< of each pipeline; nothing where it says nothing there
};

/// Where resolved pipelines differ, in the order of their keys. A component of another type is one
/// difference, since its parameters mean something else. The folder of runs and that of the cache are left
/// out, which say nothing of the result, and so is what stands at `left_out`, pointers to keys.
std::vector<PipelineDifference> pipeline_differences(const std::vector<const nlohmann::json*>& pipelines,
                                                     const std::vector<std::string>& left_out = {});

/// A value for people, in at most about 40 characters: a component is named by its type, without the
/// vendor where that is kindred; what is not there is "none".
std::string difference_text(const std::optional<nlohmann::json>& value);

}  // namespace kindred::host
