#pragma once

#include "host/pipeline/document.hpp"
#include "host/pipeline/pipeline.hpp"
#include "host/pipeline/validator.hpp"

namespace kindred::host {

class Catalog;

/// Everything that can be told before data is opened: what the file says (validate_pipeline) and what only
/// component objects know, such as which transforms are random, how metrics are called and which stages an
/// encoder has. Throws PipelineError with every problem at once, or PluginError when the file is right but
/// a factory fails. The plan points into `catalog`, which must outlive it.
Pipeline checked_pipeline(const Document& document, const Catalog& catalog,
                          DatasetUse dataset = DatasetUse::read);

}  // namespace kindred::host
