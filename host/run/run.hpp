#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/base/context.hpp"
#include "host/distributed/group.hpp"
#include "host/pipeline/pipeline.hpp"

namespace kindred::host {

class Catalog;

struct RunOptions {
  std::string folder;                 ///< of the run; "": <output.directory>/<name>/<UTC time>
  bool resume = false;                ///< continue in `folder`
  std::vector<std::string> warnings;  ///< said before the run began; they stand in its result, too
  /// The processes that execute the pipeline together, each with the same options; null: this one alone. Rank
  /// 0 writes the folder, and its outcome is the result; the others need no folder that they see.
  Group* group = nullptr;
};

struct RunOutcome {
  nlohmann::json result;  ///< result.json
  std::string table;      ///< base and tuned side by side, for people
  bool interrupted = false;
};

/// Executes a pipeline from data to servable. A run that is completed is not continued: it is told to
/// `context`, and the result is that of its folder. Writes the run folder; result.json is written also when
/// the run fails ("status": "failed") or is interrupted. Throws Error, PluginError, PipelineError.
RunOutcome run_pipeline(const Pipeline& pipeline, const Catalog& catalog, const RunOptions& options,
                        Context& context);

}  // namespace kindred::host
