#pragma once

#include "host/pipeline/document.hpp"
#include "host/pipeline/pipeline.hpp"
#include "host/pipeline/validator.hpp"
#include "host/run/check_data.hpp"

namespace kindred::host {

class Catalog;

/// When the data and the weights of a pipeline are looked at (check_data_and_model).
enum class DataLook {
  never,
  when_wrong,  ///< where something is wrong already, so that all of it is told at once; else a run looks
               ///< itself
  always,      ///< what a factory says is among the problems, too
};

/// Everything that can be told before data is opened: what the file says (validate_pipeline) and what only
/// component objects know, such as which transforms are random, how metrics are called and which stages an
/// encoder has. Throws PipelineError with every problem at once, or PluginError when the file is right but
/// one factory fails. The plan points into `catalog`, which must outlive it. `found` gets what became known
/// of the data, when it was looked at.
Pipeline checked_pipeline(const Document& document, const Catalog& catalog,
                          DatasetUse dataset = DatasetUse::read, DataLook look = DataLook::never,
                          DataCheck* found = nullptr);

}  // namespace kindred::host
